/**
 * Clients of every dialect that come and leave at bad moments. By hand, with thousands of them:
 *
 *     deno run -A tests/gateway/programs/visits.ts 2000
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { abortable } from "../../../lib/gateway/abortable_fetch.ts";
import { META_KEYS } from "../../../lib/wire/meta.ts";
import { rpc, toolCall } from "../../helpers/app.ts";
import { descriptorsOf, entryOf, Gateway, until } from "./gateway_process.ts";
import { openSession } from "./session.ts";

const TINY = new URL("tiny_server.sh", import.meta.url).pathname;
/** Idle sockets that the clients' own HTTP library may keep. */
const KEPT_SOCKETS = 50;
const ASKABLE = { elicitation: {} };
const JSON_ONLY = { "content-type": "application/json", accept: "application/json" };
const STREAM_ONLY = { "content-type": "application/json", accept: "text/event-stream" };
const ANY = { ...JSON_ONLY, accept: "application/json, text/event-stream" };
const HANG = toolCall("hang", {});

/** Some milliseconds, different from visit to visit. */
const pause = (n: number) => new Promise((resolve) => setTimeout(resolve, n % 13));

function initialize(protocolVersion: string) {
  const clientInfo = { name: "visitor", version: "1" };
  return rpc("initialize", { protocolVersion, capabilities: ASKABLE, clientInfo });
}

/** Sends a message, and leaves after a while, whether it is answered or not. */
async function sendAndLeave(
  url: string,
  headers: Readonly<Record<string, string>>,
  message: unknown,
  n: number,
): Promise<void> {
  const leaving = new AbortController();
  const { signal } = leaving;
  const options = { method: "POST", headers, body: JSON.stringify(message), signal };
  const answer = abortable(fetch)(url, options).then((one) => one.text());
  answer.catch(() => {});
  await pause(n);
  leaving.abort();
}

/** The visits that have a process of their own, then those that share some. */
const VISITS: Readonly<Record<string, (url: string, n: number) => Promise<void>>> = {
  "leaves during initialize": (url, n) =>
    sendAndLeave(`${url}/mcp`, ANY, initialize("2025-11-25"), n),
  "leaves while its server starts": async (url) => void await openSession(url, ASKABLE),
  "says goodbye while its server starts": async (url) => {
    const session = await openSession(url, ASKABLE);
    await session.end();
  },
  "leaves during a call": async (url, n) => {
    const leaving = new AbortController();
    const session = await openSession(url, ASKABLE);
    await session.listen(leaving.signal);
    session.ask(HANG, leaving.signal).catch(() => {});
    await pause(n);
    leaving.abort();
  },
  "says goodbye during a call": async (url, n) => {
    const session = await openSession(url, ASKABLE);
    session.ask(HANG).catch(() => {});
    await pause(n);
    await session.end();
  },
  "its server is killed during a call": async (url, n) => {
    const session = await openSession(url, ASKABLE);
    const answer = await session.ask(toolCall("act", {}));
    const [, pid] = /"text":"(\d+)"/.exec(answer) ?? [];
    // On a slow machine its session has ended by then.
    if (pid === undefined) return;
    const hanging = session.ask(HANG);
    await pause(n);
    Deno.kill(Number(pid), "SIGKILL");
    assert((await hanging).includes('"error"'));
  },
  "leaves a stream of 2024-11-05": async (url, n) => {
    const leaving = new AbortController();
    const { signal } = leaving;
    const response = await abortable(fetch)(`${url}/mcp`, { headers: STREAM_ONLY, signal });
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    const { value = "" } = await reader.read();
    reader.closed.catch(() => {});
    const [, path] = /data: (\S+)/.exec(value)!;
    for (const message of [initialize("2024-11-05"), HANG]) {
      const body = JSON.stringify(message);
      await (await fetch(new URL(path!, url), { method: "POST", headers: ANY, body })).text();
    }
    await pause(n);
    leaving.abort();
  },
  "leaves a plain stream": (url, n) => sendAndLeave(`${url}/mcp/sse`, STREAM_ONLY, HANG, n),
  "leaves without a session": (url, n) => sendAndLeave(`${url}/mcp`, JSON_ONLY, HANG, n),
  "leaves with 2026-07-28": (url, n) => {
    const headers = { "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call" };
    const _meta = {
      [META_KEYS.protocolVersion]: "2026-07-28",
      [META_KEYS.clientInfo]: { name: "visitor", version: "1" },
      [META_KEYS.clientCapabilities]: ASKABLE,
    };
    const call = rpc("tools/call", { name: "hang", arguments: {}, _meta });
    return sendAndLeave(`${url}/mcp`, { ...ANY, ...headers, "mcp-name": "hang" }, call, n);
  },
};

/** A connection that was kept may end while its next request is on its way. */
function ignoreReset(error: unknown): void {
  if (!(error instanceof TypeError)) throw error;
}

/** The sum of a metric over all its labels. */
function sumOf(metrics: string, name: string): number {
  const lines = [...metrics.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\d+)$`, "gm"))];
  assert(lines.length > 0, name);
  return lines.reduce((sum, [, count]) => sum + Number(count), 0);
}

/** All processes that a process has started, also those that have ended and were not waited for. */
async function startedBy(pid: number): Promise<readonly string[]> {
  const { stdout } = await new Deno.Command("pgrep", { args: ["-P", String(pid)] }).output();
  return new TextDecoder().decode(stdout).trim().split("\n");
}

/** Waits until nothing of the visits is left but the process that all clients share. */
async function nothingLeft(gateway: Gateway, pid: number): Promise<void> {
  await until(async () => (await startedBy(pid)).length === 1);
  await until(async () => sumOf(await gateway.metrics(), "lifeline_sessions_open") === 0);
  await until(async () => sumOf(await gateway.metrics(), "lifeline_connections_open") === 0);
  const metrics = await gateway.metrics();
  assertEquals(sumOf(metrics, "lifeline_gateway_children"), 1);
  assertEquals(sumOf(metrics, "lifeline_gateway_requests_waiting"), 0);
  const starts = sumOf(metrics, "lifeline_gateway_server_starts_total");
  assertEquals(starts, 1 + sumOf(metrics, "lifeline_gateway_server_ends_total"));
}

/**
 * Lets clients visit a gateway, ten at a time, and checks that nothing of them is left.
 *
 * @returns the processes that the gateway has started for them
 */
export async function visitMany(count: number): Promise<number> {
  const lots = ["initializes", "calls", "stream-opens"].map((what) => `--mcp-${what}-burst=100000`);
  // A call of a session runs on without its client, until its time limit.
  const times = ["--mcp-session-idle-ms=2000", "--mcp-request-timeout-ms=5000"];
  const flags = [...lots, ...times, "--mcp-log-level=error"];
  const lifeline = { idleMs: 1_000, maxChildren: 1_000 };
  await using gateway = await Gateway.ofFile({ one: entryOf(["sh", TINY], lifeline) }, flags);
  const pid = await gateway.pid();
  const visits = Object.values(VISITS);
  const visit = async (from: number, to: number) => {
    for (let n = from; n < to; n += 10) {
      await Promise.all(visits.map((one, at) => one(gateway.url, n + at).catch(ignoreReset)));
    }
    await nothingLeft(gateway, pid);
  };
  await visit(0, 20);
  const before = await descriptorsOf(pid);
  await visit(20, count);
  await until(async () => await descriptorsOf(pid) <= before + KEPT_SOCKETS);
  return sumOf(await gateway.metrics(), "lifeline_gateway_server_starts_total");
}

if (import.meta.main) {
  // deno-lint-ignore no-console -- it prints its result
  console.log("processes started:", await visitMany(Number(Deno.args[0])));
  Deno.exit();
}
