/**
 * The features that a client of 2025-11-25 with all capabilities gets through a gateway, by the
 * official library.
 *
 * @module
 */
import type { OfficialClient } from "../../clients/official_client.ts";
import { connectV1 } from "../../clients/sdk_v1.ts";
import { kill, type RunningGateway } from "./contestants.ts";

/** How long a feature may take (ms). */
const PATIENCE_MS = 8_000;
const RESOURCE = "demo://resource/dynamic/text/1";

/** One row of the table: the columns by their titles. */
export type Row = Readonly<Record<string, string>>;

/** Tries each feature. */
export async function featuresOf(gateway: RunningGateway): Promise<Row> {
  const url = new URL(gateway.url);
  const client = await connectV1("http", { url });
  // It asks for nothing, and must get nothing.
  const other = await connectV1("http", { url });
  const text = async (name: string, args = {}) => (await client.call(name, args)).text;
  const progress: number[] = [];
  const row = {
    tools: await tried(async () => String((await client.listTools()).length)),
    elicitation: await has(async () => /accept|✅/.test(await text("trigger-elicitation-request"))),
    sampling: await has(async () =>
      /birds/.test(await text("trigger-sampling-request", { prompt: "birds" }))
    ),
    roots: await has(async () => /home/.test(await text("get-roots-list"))),
    progress: await has(async () => {
      const onProgress = (n: number) => void progress.push(n);
      const args = { duration: 0.4, steps: 4 };
      await client.call("trigger-long-running-operation", args, { onProgress });
      return progress.length >= 3;
    }),
    cancel: await has(() => cancels(client)),
    "log level": await has(() => hearsLogs(client)),
    updates: await has(async () => {
      await client.subscribe(RESOURCE);
      await client.call("toggle-subscriber-updates");
      return await client.updates.take() === RESOURCE;
    }),
    list_changed: await has(async () => {
      await client.call("gzip-file-as-resource", {
        name: "a.gz",
        data: "data:text/plain,a",
        outputType: "resourceLink",
      });
      while (await client.listChanges.take() !== "resources");
      return true;
    }),
    "heard by another client": await isHeard(other) ? "yes" : "no",
    "after `kill -9` of the server": await afterKill(gateway, client),
  };
  await Promise.allSettled([client, other].map((one) => one[Symbol.asyncDispose]()));
  return row;
}

async function cancels(client: OfficialClient): Promise<boolean> {
  const controller = new AbortController();
  const onProgress = () => controller.abort(new Error("enough"));
  const call = client.call("trigger-long-running-operation", { duration: 2, steps: 20 }, {
    onProgress,
    signal: controller.signal,
  });
  return await call.then(() => false, () => true);
}

/** The server logs each subscription. */
async function hearsLogs(client: OfficialClient): Promise<boolean> {
  await client.request("logging/setLevel", { level: "info" });
  await client.request("resources/subscribe", { uri: RESOURCE });
  for (;;) if (String(await client.logged.take()).startsWith("Received Subscribe")) return true;
}

/** Whether a client got log messages or updates that another one asked for. */
async function isHeard(other: OfficialClient): Promise<boolean> {
  while (other.logged.size > 0) {
    if (String(await other.logged.take()).startsWith("Received Subscribe")) return true;
  }
  return other.updates.size > 0;
}

async function afterKill(gateway: RunningGateway, client: OfficialClient): Promise<string> {
  const echo = () => client.call("echo", { message: "hi" });
  const running = client.call("trigger-long-running-operation", { duration: 30, steps: 3 });
  const failed = running.then(() => undefined, () => true);
  // The call must have reached the server.
  await new Promise((resolve) => setTimeout(resolve, 500));
  for (const { pid, command } of await gateway.processes()) {
    if (/^\S*node .*(server-everything|mcp-server-everything)/.test(command)) kill(pid, "SIGKILL");
  }
  const call = await within(failed) ? "running calls fail" : "running calls hang";
  const next = await tried(async () => (await echo()).text);
  return `${call}; the next call ${/hi/.test(next) ? "works" : "fails"}`;
}

const has = async (feature: () => Promise<boolean>) =>
  await tried(async () => (await feature()) ? "yes" : "no");

async function tried(feature: () => Promise<string>): Promise<string> {
  return await within(feature().catch(() => "no")) ?? "no";
}

/** Undefined if it takes too long. */
async function within<T>(promise: Promise<T>): Promise<T | undefined> {
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => late.resolve(undefined), PATIENCE_MS);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
