/** The official clients over stdio, with a real process at the other end. */
import { assertEquals } from "@std/assert";
import { ClientTimers } from "./client_timers.ts";
import type { OfficialClient, Target } from "./official_client.ts";
import { type Expected, SCENARIOS } from "./scenarios.ts";
import { connectV1 } from "./sdk_v1.ts";
import { connectV2 } from "./sdk_v2.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

function processOf(...args: string[]): Target {
  return {
    command: Deno.execPath(),
    args: ["run", "--frozen", "--allow-read", "--allow-env", ...args],
    cwd: ROOT,
  };
}

const FIXTURE = processOf("tests/clients/stdio_server.ts");
const MAIN = processOf("main.ts", "--stdio");

type Connect = (target: Target) => Promise<OfficialClient>;
const pinned: Connect = (target) => connectV2({ mode: "pinned", transport: "stdio" }, target);
const auto: Connect = (target) => connectV2({ mode: "auto", transport: "stdio" }, target);
const initialize: Connect = (target) => connectV2({ mode: "legacy", transport: "stdio" }, target);

const LEGACY: Expected = {
  version: "2025-11-25",
  cancelReason: "cancelled",
  logsComeUnasked: true,
};
const MODERN: Expected = {
  version: "2026-07-28",
  cancelReason: "cancelled",
  logsComeUnasked: false,
};

const ROWS: readonly (readonly [string, Connect, Expected])[] = [
  ["SDK 1.x", (target) => connectV1("stdio", target), LEGACY],
  ["client 2.x with initialize", initialize, LEGACY],
  ["client 2.x pinned to 2026-07-28", pinned, MODERN],
  ["client 2.x in automatic negotiation", auto, MODERN],
];

for (const [name, connect, expected] of ROWS) {
  Deno.test(`${name} over stdio does all that clients do, on one connection`, async (t) => {
    using _timers = new ClientTimers();
    await using client = await connect(FIXTURE);
    for (const { name: scenario, run } of SCENARIOS) {
      await t.step(scenario, () => run(client, expected));
    }
    assertEquals(client.errors, []);
  });

  Deno.test(`${name} lists and calls the tools of main.ts --stdio`, async () => {
    using _timers = new ClientTimers();
    await using client = await connect(MAIN);
    assertEquals(client.version, expected.version);
    assertEquals(await client.listTools(), ["echo", "add", "now", "countdown"]);
    assertEquals((await client.call("add", { a: 1, b: 2 })).structured, { sum: 3 });
    assertEquals(client.errors, []);
  });
}
