/**
 * Scenarios that every client must pass, in every dialect.
 *
 * @module
 */
import { assertEquals, assertRejects } from "@std/assert";
import type { OfficialClient } from "./official_client.ts";

/** One thing that a client does. */
export interface Scenario {
  readonly name: string;
  run(client: OfficialClient, expected: Expected): Promise<void>;
}

/** The expectations that differ between dialects. */
export interface Expected {
  readonly version: string;
  /** The abort reason of a tool when the client cancels its call. */
  readonly cancelReason: "cancelled" | "client_closed";
  /** Whether log messages come without being asked for. */
  readonly logsComeUnasked: boolean;
}

export const SCENARIOS: readonly Scenario[] = [
  { name: "agrees on a revision, lists and calls tools", run: listAndCall },
  { name: "reads resources, prompts and completions", run: read },
  { name: "gets progress and logs while a call runs", run: progress },
  { name: "cancels a call", run: cancel },
  { name: "is asked by a form, twice in one call", run: elicit },
  { name: "is sent to a page", run: visit },
  { name: "is asked for a sample and for its roots", run: sampleAndRoots },
  { name: "hears of changes to a resource and to the tools", run: changes },
];

async function listAndCall(client: OfficialClient, { version }: Expected): Promise<void> {
  assertEquals(client.version, version);
  const names = await client.listTools();
  assertEquals(names.slice(0, 2), ["add", "steps"]);
  assertEquals((await client.call("add", { a: 1, b: 2 })).structured, { sum: 3 });
  assertEquals(await client.call("fail"), {
    text: "as it should",
    isError: true,
    structured: undefined,
  });
  assertEquals((await client.call("add", { a: "one", b: 2 })).isError, true);
  await assertRejects(() => client.call("no such tool"), Error, "Unknown tool: no such tool");
}

async function read(client: OfficialClient): Promise<void> {
  assertEquals(await client.listResources(), ["lifeline://counter"]);
  assertEquals(await client.readResource("lifeline://greetings/ada"), "Hello ada");
  assertEquals(await client.getPrompt("review", { code: "1 + 1" }), "Review this: 1 + 1");
  const names = await client.complete("lifeline://greetings/{name}", "name", "ad");
  assertEquals(names, ["ada", "adele"]);
  await assertRejects(() => client.readResource("lifeline://nowhere"), Error, "not found");
}

async function progress(client: OfficialClient, expected: Expected): Promise<void> {
  const reports: [number, string | undefined][] = [];
  const hasAll = Promise.withResolvers<void>();
  const call = client.call("steps", { key: "progress" }, {
    onProgress: (progress, message) => {
      reports.push([progress, message]);
      if (reports.length === 3) hasAll.resolve();
    },
  });
  await hasAll.promise;
  if (expected.logsComeUnasked) assertEquals(await client.logged.take(), { key: "progress" });
  await client.call("release", { key: "progress" });
  assertEquals((await call).text, "released progress");
  assertEquals(reports, [[1, "step 1"], [2, "step 2"], [3, "step 3"]]);
}

async function cancel(client: OfficialClient, { cancelReason }: Expected): Promise<void> {
  const controller = new AbortController();
  const call = client.call("steps", { key: "cancel" }, {
    signal: controller.signal,
    onProgress: (progress) => progress === 3 && controller.abort(new Error("enough")),
  });
  await assertRejects(() => call, Error, "enough");
  const { text } = await client.call("outcome", { key: "cancel" });
  assertEquals(text, `aborted: ${cancelReason}`);
}

async function elicit(client: OfficialClient): Promise<void> {
  assertEquals((await client.call("form")).text, "Ada, 36, true");
}

async function visit(client: OfficialClient): Promise<void> {
  assertEquals((await client.call("visit")).text, "accept");
}

async function sampleAndRoots(client: OfficialClient): Promise<void> {
  const { text } = await client.call("ask_model", { about: "birds" });
  assertEquals(text, "a-model: so much for birds");
  assertEquals((await client.call("folders")).text, "file:///work file:///home");
}

async function changes(client: OfficialClient): Promise<void> {
  await client.subscribe("lifeline://counter");
  await client.call("touch");
  assertEquals(await client.updates.take(), "lifeline://counter");
  assertEquals(await client.readResource("lifeline://counter"), "touched 1 times");
  await client.call("grow", { name: "grown" });
  assertEquals(await client.listChanges.take(), "tools");
  assertEquals((await client.listTools()).at(-1), "grown");
  assertEquals((await client.call("grown")).text, "grown");
}
