/**
 * `deno task storm` opens very many streams of all dialects at once, and measures pings, calls and
 * the end beside them. Prints each figure with its target.
 *
 * deno task storm [--streams 15000] [--seconds 15]
 *
 * Clients and server share the machine, so the figures depend on it.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { messageOf } from "../../lib/base/errors.ts";
import { eventually } from "../closure/scenario.ts";
import { ServerProcess } from "../closure/server.ts";
import { toolCall } from "../helpers/app.ts";
import { Child, type Line } from "../helpers/child.ts";
import { Scrape } from "../helpers/metrics.ts";
import { Checks, option } from "../soak/report.ts";

const ROOMY = 1_000_000;
const SETTINGS = {
  MCP_MAX_CONNECTIONS: ROOMY,
  MCP_MAX_CONNECTIONS_PER_CLIENT: ROOMY,
  MCP_STREAM_OPENS_PER_SECOND: ROOMY,
  MCP_STREAM_OPENS_BURST: ROOMY,
  MCP_INITIALIZES_PER_SECOND: ROOMY,
  MCP_INITIALIZES_BURST: ROOMY,
  MCP_MAX_SESSIONS: ROOMY,
  MCP_MAX_SESSIONS_PER_CLIENT: ROOMY,
  MCP_CALLS_PER_SECOND: ROOMY,
  MCP_CALLS_BURST: ROOMY,
  MCP_MAX_FLAPS: ROOMY,
  /** Without the tools that look into the server, as looking costs time. */
  MCP_TOOLS: "",
  /** Shorter than the default, so that each stream is pinged a few times. */
  MCP_PING_INTERVAL_MS: 5_000,
};
const CROWDS = 2;
const OPEN_MS = 180_000;
const CALL_EVERY_MS = 20;
const TARGET = { latenessMs: 1_000, callMs: 50, cleanedMs: 2_000 } as const;
const DRAIN_MS = 10_000;
const LAST = { streams: 1_000, calls: 50 } as const;
/** A call that is still running when all are seen to run, and ends within the drain budget. */
const SHORT = { from: 50, interval_ms: 100 };

class Crowd extends Child {
  constructor(port: number, count: number) {
    const module = new URL("./crowd.ts", import.meta.url).pathname;
    super({
      args: ["run", "--allow-net=127.0.0.1", module, JSON.stringify({ port, count })],
      reads: "stdout",
    });
  }

  event(name: string, withinMs: number): Promise<Line> {
    return this.line(name, ({ json }) => json.event === name, withinMs);
  }
}

const checks = new Checks();

function tellTarget(what: string, value: number, target: number): void {
  const verdict = value <= target ? "reached" : "not reached";
  checks.note(`${what}: ${value.toFixed(0)} ms, target ${target} ms`, value <= target, verdict);
}

async function storm(count: number, seconds: number): Promise<void> {
  const settings = { ...SETTINGS, MCP_LOG_LEVEL: "warning" };
  await using server = await ServerProcess.start({ abort: "no-legacy", settings });
  const crowds: Crowd[] = [];
  try {
    const began = performance.now();
    for (let n = 0; n < CROWDS; n++) crowds.push(new Crowd(server.port, count / CROWDS));
    await Promise.all(crowds.map((crowd) => crowd.event("open", OPEN_MS)));
    const { open } = await server.ledger();
    const took = (performance.now() - began) / 1000;
    checks.note(`${open} of ${count} streams are open`, open === count, `${took.toFixed(1)} s`);
    const before = await scrape(server);
    tellTarget("call beside them, p99", await latencyOfCalls(server, seconds), TARGET.callMs);
    const lateness = latenessSince(before, await scrape(server));
    tellTarget(`ping lateness, p99 of ${lateness.count} pings`, lateness.p99Ms, TARGET.latenessMs);
    const killedAt = performance.now();
    for (const crowd of crowds) crowd.kill("SIGKILL");
    await eventually(async () => assertEquals((await server.ledger()).open, 0), 60_000);
    tellTarget("all cleaned after their death", performance.now() - killedAt, TARGET.cleanedMs);
    const { opened, closed } = await server.ledger();
    checks.note("the ledger adds up", opened === closed.client_closed);
    checks.note("the log tells of no fault", server.faults().length === 0, server.faults()[0]);
  } finally {
    for (const crowd of crowds) await crowd[Symbol.asyncDispose]();
  }
}

async function scrape(server: ServerProcess): Promise<Scrape> {
  return new Scrape(await server.look("/metrics"));
}

/** The 99th percentile of calls made one after another, in ms. */
async function latencyOfCalls({ port }: ServerProcess, seconds: number): Promise<number> {
  const took: number[] = [];
  const body = JSON.stringify(toolCall("echo", { message: "hello" }));
  const headers = { "content-type": "application/json", accept: "application/json" };
  const until = performance.now() + seconds * 1000;
  while (performance.now() < until) {
    const began = performance.now();
    const response = await fetch(`http://127.0.0.1:${port}/mcp`, { method: "POST", headers, body });
    assertEquals((await response.json()).result.content[0].text, "hello");
    took.push(performance.now() - began);
    await new Promise((resolve) => setTimeout(resolve, CALL_EVERY_MS));
  }
  took.sort((a, b) => a - b);
  checks.tell(`      ${took.length} calls, median ${took[took.length >> 1]?.toFixed(1)} ms`);
  return took[Math.floor(took.length * 0.99)] ?? Infinity;
}

/** From the buckets of the server's own histogram: the limit of the bucket with the percentile. */
function latenessSince(before: Scrape, after: Scrape): { count: number; p99Ms: number } {
  const name = "lifeline_ping_lateness_seconds";
  const count = after.value(`${name}_count`) - before.value(`${name}_count`);
  const limit = after.labelValues(`${name}_bucket`, "le").find((le) => {
    const of = (scrape: Scrape) => scrape.value(`${name}_bucket`, { le });
    return of(after) - of(before) >= count * 0.99;
  });
  return {
    count,
    p99Ms: count === 0 ? Infinity : Number(limit?.replace("+Inf", "Infinity")) * 1000,
  };
}

/** Many streams and running calls at SIGTERM. */
async function lastOrders(): Promise<void> {
  const settings = { ...SETTINGS, MCP_DRAIN_MS: DRAIN_MS };
  await using server = await ServerProcess.start({ abort: "no-legacy", settings });
  await using crowd = new Crowd(server.port, LAST.streams);
  await crowd.event("open", OPEN_MS);
  const calls = Array.from({ length: LAST.calls }, () => server.call("countdown", SHORT));
  const answers = Promise.allSettled(calls);
  await eventually(async () => {
    const running = (await scrape(server)).value("lifeline_requests_in_flight");
    assertEquals(running, LAST.calls);
  });
  assertEquals((await server.call("echo", { message: "hi" })).content[0].text, "hi");
  const at = server.kill("SIGTERM");
  const { json } = await crowd.event("ended", DRAIN_MS * 2);
  checks.note("every client sees its goodbye", json.goodbyes === LAST.streams, json.goodbyes);
  checks.note("every stream ends in good order", json.complete === LAST.streams, json.complete);
  const answered =
    (await answers).filter((one) =>
      one.status === "fulfilled" && one.value.content[0].text === `Counted down from ${SHORT.from}`
    ).length;
  checks.note("every running call is answered", answered === LAST.calls, answered);
  const exit = await server.exit;
  checks.note("the exit code is 0", exit.code === 0, exit.code);
  tellTarget("gone after SIGTERM", exit.at - at, DRAIN_MS);
}

async function main(): Promise<number> {
  const crowd = () => storm(option("streams", 15_000), option("seconds", 15));
  for (const part of Deno.args.includes("--stop-only") ? [lastOrders] : [crowd, lastOrders]) {
    try {
      await part();
    } catch (error) {
      checks.note("the run came to its end", false, messageOf(error));
    }
  }
  return checks.end();
}

if (import.meta.main) Deno.exit(await main());
