/** Official clients of 2024-11-05 that call on while their streams end by plan, again and again. */
import { assertGreater, assertLessOrEqual, assertMatch } from "@std/assert";
import { ServerProcess } from "../helpers/process.ts";
import { ClientTimers } from "./client_timers.ts";
import type { OfficialClient, Target } from "./official_client.ts";
import { connectV1 } from "./sdk_v1.ts";

/** Streams live for 4 to 5 s. */
const ENV = {
  MCP_MAX_CONNECTION_MS: "5000",
  // All clients have one address, and call without a pause.
  MCP_CALLS_PER_SECOND: "1000000",
  MCP_CALLS_BURST: "1000000",
};
const TEST_MS = 12_000;
const CLIENTS = 16;

const connect = (target: Target): Promise<OfficialClient> => connectV1("sse", target);

/** Calls until the time is over, with a pause after each call. */
async function callAllTheTime(client: OfficialClient, pauseMs: () => number) {
  const failures: string[] = [];
  let calls = 0;
  const end = performance.now() + TEST_MS;
  while (performance.now() < end) {
    calls++;
    await client.call("add", { a: calls, b: 1 }).catch((error) => failures.push(String(error)));
    await new Promise((resolve) => setTimeout(resolve, pauseMs()));
  }
  return { calls, failures };
}

/** Streams of the server that have ended by age. */
async function endedByAge(server: ServerProcess): Promise<number> {
  return (await server.ledger()).closed.max_age ?? 0;
}

for (
  const [name, pauseMs] of [
    ["one call right after another", () => 0],
    ["with pauses of up to 600 ms", () => Math.random() * 600],
  ] as const
) {
  Deno.test(`of the calls of official SSE clients at most 1 % meet the planned end of their stream: ${name}`, async () => {
    using _timers = new ClientTimers();
    await using server = await ServerProcess.startOperated({ env: ENV });
    const url = new URL("/mcp", server.base);
    const clients = await Promise.all(Array.from({ length: CLIENTS }, () => connect({ url })));
    try {
      const results = await Promise.all(clients.map((one) => callAllTheTime(one, pauseMs)));
      const calls = results.reduce((sum, result) => sum + result.calls, 0);
      const failures = results.flatMap((result) => result.failures);
      assertLessOrEqual(failures.length, Math.max(1, calls / 100), failures.join("\n"));
      for (const failure of failures) assertMatch(failure, /ended by plan \(max_age\)/);
      if (pauseMs() > 0) assertGreater(await endedByAge(server), CLIENTS);
    } finally {
      await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()));
    }
  });
}
