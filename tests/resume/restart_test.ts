import { assertEquals, assertMatch } from "@std/assert";
import * as z from "zod";
import { defineTool } from "../../lib/mod.ts";
import { rpc, testApp, toolCall } from "../helpers/app.ts";
import { Puppet } from "../helpers/puppet.ts";
import { ResumingClient } from "../helpers/resuming_client.ts";
import { TestSession } from "../helpers/session.ts";

const KEY = "a key that both servers were given long enough";

/** A server, and the one that takes its place. */
function serverWith(MCP_SESSION_KEY: string | undefined) {
  const puppet = new Puppet();
  const app = testApp({
    tools: [puppet.tool],
    settings: MCP_SESSION_KEY === undefined ? {} : { MCP_SESSION_KEY },
  });
  return { app, puppet, [Symbol.dispose]: () => app.stop() };
}

Deno.test("a session goes on at a server with the same key, with all that was agreed on", async () => {
  using before = serverWith(KEY);
  const session = await TestSession.open(before.app, {
    version: "2025-06-18",
    capabilities: { elicitation: {} },
  });
  before.app.stop();
  using after = serverWith(KEY);
  const moved = session.on(after.app);
  const answer = moved.post(toolCall("puppet", { call: "a" }));
  const { ctx, finish } = await after.puppet.call("a");
  assertEquals(ctx.caller.name, "test");
  assertEquals(ctx.capabilities.elicitation, {});
  finish("done");
  assertEquals((await answer).status, 200);
  await (await answer).body?.cancel();
});

Deno.test("a session is unknown at a server with another key, and the 404 says what to do", async () => {
  using before = serverWith(KEY);
  const session = await TestSession.open(before.app);
  for (const key of ["some other key that is long enough to be one", undefined]) {
    using after = serverWith(key);
    const moved = session.on(after.app);
    for (
      const response of [await moved.post(rpc("ping")), await moved.listen(), await moved.delete()]
    ) {
      assertEquals(response.status, 404);
      const { error } = await response.json();
      assertMatch(error.message, /Session not found: .*key changed; send initialize/);
    }
  }
});

Deno.test("a call that a restart has cut is answered by an error when its stream is resumed", async () => {
  using before = serverWith(KEY);
  const session = await TestSession.open(before.app);
  const client = new ResumingClient(() =>
    session.post(toolCall("puppet", { call: "a" }, "cut by the restart"))
  );
  await client.connect();
  await client.readUntil(() => client.lastEventId !== undefined);
  before.app.stop();
  using after = serverWith(KEY);
  const resumed = new ResumingClient(() => session.on(after.app).listen(client.lastEventId));
  await resumed.connect();
  assertEquals(await resumed.readMessages(2), false);
  assertEquals(resumed.messages[0].id, "cut by the restart");
  const { message, data } = resumed.messages[0].error;
  assertMatch(message, /gone .* outcome is unknown: it may have run\. Find out whether it ran/);
  assertEquals(data, { outcome: "unknown", is_repeatable: false });
});

for (const hint of ["readOnlyHint", "idempotentHint"]) {
  Deno.test(`a call that a restart has cut may be sent again only if its tool is ${hint}`, async () => {
    const tool = defineTool({
      name: "safe",
      description: "Waits",
      input: z.object({}),
      annotations: { [hint]: true },
      run: () => new Promise<string>(() => {}),
    });
    const settings = { MCP_SESSION_KEY: KEY };
    using before = testApp({ tools: [tool], settings });
    const session = await TestSession.open(before);
    const client = new ResumingClient(() => session.post(toolCall("safe", {}, "cut")));
    await client.connect();
    await client.readUntil(() => client.lastEventId !== undefined);
    before.stop();
    // The tool need not be known any more.
    using after = testApp({ tools: [], settings });
    const resumed = new ResumingClient(() => session.on(after).listen(client.lastEventId));
    await resumed.connect();
    await resumed.readMessages(2);
    const { message, data } = resumed.messages[0].error;
    assertMatch(message, /outcome is unknown: it may have run\. .*: send it again$/);
    assertEquals(data, { outcome: "unknown", is_repeatable: true });
  });
}

Deno.test("an event id from before a restart never leads into a stream from after it", async () => {
  using before = serverWith(KEY);
  const session = await TestSession.open(before.app);
  const old = new ResumingClient(() => session.post(toolCall("puppet", { call: "old" }, "old")));
  await old.connect();
  await old.readUntil(() => old.lastEventId !== undefined);
  before.app.stop();
  using after = serverWith(KEY);
  const moved = session.on(after.app);
  const young = new ResumingClient(() => moved.post(toolCall("puppet", { call: "new" }, "new")));
  await young.connect();
  const resumed = new ResumingClient(() => moved.listen(old.lastEventId));
  await resumed.connect();
  (await after.puppet.call("new")).finish("for the new call");
  await young.readMessages(1);
  await resumed.readMessages(2);
  assertEquals(young.messages.map(({ id }) => id), ["new"]);
  assertEquals(resumed.messages.map(({ id }) => id), ["old"]);
});

Deno.test("a session's stream resumed after a restart is told that events may be gone", async () => {
  using before = serverWith(KEY);
  const session = await TestSession.open(before.app);
  const client = new ResumingClient(() => session.listen());
  await client.connect();
  await client.readUntil(() => client.lastEventId !== undefined);
  before.app.stop();
  using after = serverWith(KEY);
  const resumed = new ResumingClient(() => session.on(after.app).listen(client.lastEventId));
  await resumed.connect();
  await resumed.readMessages(4);
  assertEquals(resumed.messages.map(({ method }) => method), [
    "notifications/message",
    "notifications/tools/list_changed",
    "notifications/resources/list_changed",
    "notifications/prompts/list_changed",
  ]);
  assertMatch(resumed.messages[0].params.data, /subscribe again/);
  after.app.catalog.tools.remove("puppet");
  await resumed.readMessages(5);
  assertEquals(resumed.messages[4].method, "notifications/tools/list_changed");
  await resumed.cut();
});

Deno.test("a session that was evicted comes back with its client's next request", async () => {
  using small = testApp({ settings: { MCP_MAX_SESSIONS: 1 } });
  const first = await TestSession.open(small);
  await TestSession.open(small);
  assertEquals((await first.ask(rpc("ping"))).result, {});
});
