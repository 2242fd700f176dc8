/** The clients that share a process, and the next start of one that has ended. */
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import type { ServerConfig } from "../../lib/gateway/config.ts";
import { testClient, type TestClientOptions } from "../../lib/testing.ts";
import { FakeTime, settled } from "../helpers/time.ts";
import { gatewayApp } from "./gateway_app.ts";
import { ordinary, scripted } from "./scripted_server.ts";

const echoing = ordinary(({ method }) => method === "tools/call" ? { content: [] } : undefined);
const asked: TestClientOptions = { elicit: () => ({ action: "decline" }) };

/** Processes that run after clients of each era have called a tool, with and without questions. */
async function runsWith(share: ServerConfig["share"], also?: ServerConfig["share"]) {
  await using served = gatewayApp(
    also === undefined ? { one: echoing } : { one: echoing, two: echoing },
    { entries: { one: { share }, ...(also !== undefined && { two: { share: also } }) } },
  );
  const counts: Record<string, number> = {};
  const rows: readonly [string, TestClientOptions][] = [
    ["session", { era: "2025-11-25" }],
    ["asked session", { era: "2025-11-25", ...asked }],
    ["2026", { era: "2026-07-28" }],
    ["asked 2026", { era: "2026-07-28", ...asked }],
  ];
  await served.app.start();
  for (const [name, options] of rows) {
    const before = served.runs.one!.length;
    const client = await testClient(served.app, { ...options, keepApp: true });
    await client.call("one__add");
    counts[name] = served.runs.one!.length - before;
    await client.close();
  }
  return counts;
}

Deno.test("clients that can be asked have their own processes, unless all share one or each session has one", async () => {
  const none = { session: 0, "asked session": 0, "2026": 0, "asked 2026": 0 };
  const asking = { ...none, "asked session": 1, "asked 2026": 1 };
  assertEquals(await runsWith("auto"), asking);
  assertEquals(await runsWith("always"), none);
  assertEquals(await runsWith("never"), { ...asking, session: 1 });
});

Deno.test("at /mcp one server that is never shared, or one that is not always, decides for all", async () => {
  assertEquals((await runsWith("auto", "never")).session, 1);
  assertEquals((await runsWith("always", "auto"))["asked session"], 1);
  assertEquals((await runsWith("always", "always"))["asked session"], 0);
});

Deno.test("a server is started again at once, at the next request, or never", async () => {
  using time = new FakeTime();
  for (const restart of ["always", "on-request", "never"] as const) {
    await using one = scripted(echoing, { restart });
    await one.server.connect();
    one.run().die();
    await time.advance(1_000);
    assertEquals([restart, one.runs.length], [restart, restart === "always" ? 2 : 1]);
    if (restart === "never") {
      const { message } = await assertRejects(() => one.server.request("tools/call", {}));
      assertMatch(message, /ended \(code 3\).*not started again \("restart": "never"\)/);
      one.server.restart();
      await settled();
    }
    await one.server.request("tools/call", { name: "add" });
    assertEquals(one.runs.length, 2);
  }
});

Deno.test('an operator starts a server with "restart": "never" again for each time that they ask', async () => {
  using time = new FakeTime();
  await using one = scripted(echoing, { restart: "never" });
  await one.server.connect();
  for (const runs of [2, 3]) {
    one.run().die();
    await time.advance(1_000);
    await assertRejects(() => one.server.request("tools/call", {}), Error, "not started again");
    one.server.restart();
    await settled();
    assertEquals(one.runs.length, runs);
  }
});

Deno.test("a server that was ended refuses requests, and keeps no timer to try again", async () => {
  await using one = scripted(echoing);
  await one.server.connect();
  await one.server.stop();
  await assertRejects(() => one.server.request("tools/call", {}), Error, "was ended");
  assertEquals(one.runs.length, 1);
});
