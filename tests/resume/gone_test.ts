import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import type { Settings } from "../../lib/base/settings.ts";
import { rpc, testApp, toolCall } from "../helpers/app.ts";
import { Puppet } from "../helpers/puppet.ts";
import { ResumingClient } from "../helpers/resuming_client.ts";
import { TestSession } from "../helpers/session.ts";
import { EventReader } from "../helpers/sse.ts";
import { FakeTime, settled } from "../helpers/time.ts";

async function openSession(settings: Partial<Settings>, time?: FakeTime) {
  const puppet = new Puppet();
  const app = testApp({
    tools: [puppet.tool],
    settings,
    ...(time !== undefined && { wheel: { clock: time.clock } }),
  });
  const session = await TestSession.open(app, { capabilities: { elicitation: {} } });
  /** Calls, reads one number, and loses the connection. */
  const startAndCut = async () => {
    const client = ResumingClient.ofCall(session);
    await client.connect();
    const call = await puppet.call("a");
    call.ctx.log.info("read");
    await client.readMessages(1);
    await client.cut();
    return { client, call };
  };
  return { app, session, puppet, startAndCut, [Symbol.dispose]: () => app.stop() };
}

const IS_GONE = /gone and cannot be replayed/;

Deno.test("a resumption after MCP_REPLAY_EVENTS others is answered by an error for the request", async () => {
  using set = await openSession({ MCP_REPLAY_EVENTS: 3 });
  const { client, call } = await set.startAndCut();
  for (let number = 0; number < 5; number++) call.ctx.log.info(number);
  call.finish("lost");
  await settled();
  await client.connect();
  assertEquals(await client.readMessages(3), false);
  const { id, error } = client.messages[1];
  assertEquals([id, error.code], ["call", -32603]);
  assertMatch(error.message, IS_GONE);
});

Deno.test("a resumption after MCP_REPLAY_BYTES is answered by an error for the request", async () => {
  using set = await openSession({ MCP_REPLAY_BYTES: 1024 });
  const { client, call } = await set.startAndCut();
  call.finish("x".repeat(2000));
  await settled();
  await client.connect();
  assertEquals(await client.readMessages(3), false);
  assertMatch(client.messages[1].error.message, IS_GONE);
});

Deno.test("a resumption after MCP_REPLAY_MS is answered by an error for the request", async () => {
  using time = new FakeTime();
  using set = await openSession({ MCP_REPLAY_MS: 10_000 }, time);
  const { client, call } = await set.startAndCut();
  call.finish("lost");
  await time.advance(10_050, 1_000);
  await client.connect();
  assertEquals(await client.readMessages(3), false);
  assertMatch(client.messages[1].error.message, IS_GONE);
});

Deno.test("a client that was told so has nothing more to resume", async () => {
  using set = await openSession({ MCP_REPLAY_EVENTS: 1 });
  const { client, call } = await set.startAndCut();
  call.ctx.log.info("lost");
  call.finish("lost");
  await settled();
  const before = client.lastEventId;
  await client.connect();
  await client.readMessages(9);
  assertNotEquals(client.lastEventId, before);
  const response = await client.connect();
  assertEquals(response.status, 405);
  await client.cut();
});

Deno.test("a gap in a call that still runs is told, and its result still comes", async () => {
  using set = await openSession({ MCP_REPLAY_EVENTS: 3 });
  const { client, call } = await set.startAndCut();
  for (let number = 0; number < 5; number++) call.ctx.log.info(number);
  await client.connect();
  await client.readMessages(2);
  const { method, params } = client.messages[1];
  assertEquals([method, params.level], ["notifications/message", "warning"]);
  assertMatch(params.data, /gone and cannot be replayed/);
  call.finish("late");
  await client.readMessages(3);
  assertEquals(client.messages[2].result.content[0].text, "late");
  await client.cut();
});

Deno.test("a question that went down in a gap is asked again, once", async () => {
  using set = await openSession({ MCP_REPLAY_EVENTS: 3 });
  const { client, call } = await set.startAndCut();
  const ask = (message: string) =>
    call.ctx.elicit({ message, requestedSchema: { type: "object", properties: {} } });
  const answered = ask("first");
  const [open, later] = [ask("open"), ask("later")];
  for (let number = 0; number < 5; number++) call.ctx.log.info(number);
  await client.connect();
  await client.readMessages(5);
  const asked = client.messages.slice(2).filter(({ method }) => method === "elicitation/create");
  assertEquals(asked.map(({ params }) => params.message), ["first", "open", "later"]);
  for (const { id } of asked) {
    await set.session.tell({ jsonrpc: "2.0", id, result: { action: "decline" } });
  }
  assertEquals((await Promise.all([answered, open, later])).map(({ action }) => action), [
    "decline",
    "decline",
    "decline",
  ]);
  await client.cut();
});

Deno.test("a question that the client has been asked before a gap is not asked again", async () => {
  using set = await openSession({ MCP_REPLAY_EVENTS: 3 });
  const { client, call } = await set.startAndCut();
  const requestedSchema = { type: "object" as const, properties: {} };
  await client.connect();
  const answered = call.ctx.elicit({ message: "seen", requestedSchema });
  await client.readMessages(2);
  await client.cut();
  for (let number = 0; number < 5; number++) call.ctx.log.info(number);
  await client.connect();
  const { id, params } = client.messages[1];
  assertEquals(params.message, "seen");
  await set.session.tell({ jsonrpc: "2.0", id, result: { action: "decline" } });
  assertEquals((await answered).action, "decline");
  call.finish("done");
  await client.readUntil(() => client.messages.at(-1).id === "call");
  const questions = client.messages.filter(({ method }) => method === "elicitation/create");
  assertEquals(questions.length, 1);
  await client.cut();
});

Deno.test("a client that after a gap knows an older event still gets the question that came last", async () => {
  using set = await openSession({ MCP_REPLAY_EVENTS: 3 });
  const { client, call } = await set.startAndCut();
  const older = client.lastEventId;
  await client.connect();
  const answered = call.ctx.elicit({
    message: "open",
    requestedSchema: { type: "object", properties: {} },
  });
  await client.readMessages(2);
  await client.cut();
  for (let number = 0; number < 5; number++) call.ctx.log.info(number);
  await client.connect();
  await client.readMessages(3);
  await client.cut();
  client.lastEventId = older;
  await client.connect();
  const questions = () =>
    client.messages.filter(({ method }) => method === "elicitation/create").map(({ id }) => id);
  call.ctx.log.info("all");
  await client.readUntil(() => client.messages.at(-1).params?.data === "all");
  const [id, again] = questions();
  assertEquals(again, id);
  await set.session.tell({ jsonrpc: "2.0", id, result: { action: "decline" } });
  assertEquals((await answered).action, "decline");
  await client.cut();
});

/** The messages that tell of a gap on a session's own stream. */
const GAP_METHODS = [
  "notifications/message",
  "notifications/tools/list_changed",
  "notifications/resources/list_changed",
  "notifications/prompts/list_changed",
];

async function subscribedSession(set: Awaited<ReturnType<typeof openSession>>) {
  for (let number = 0; number < 5; number++) {
    await set.session.ask(rpc("resources/subscribe", { uri: `lifeline://${number}` }));
  }
  return () => {
    for (let number = 0; number < 5; number++) {
      set.app.catalog.resourceUpdated(`lifeline://${number}`);
    }
    return settled();
  };
}

Deno.test("a gap in a session's stream is told by a warning and list_changed", async () => {
  using set = await openSession({ MCP_REPLAY_EVENTS: 3 });
  const change = await subscribedSession(set);
  const client = new ResumingClient((lastEventId) => set.session.listen(lastEventId));
  await client.connect();
  await client.readUntil(() => client.eventIds.length === 1);
  await client.cut();
  await change();
  await client.connect();
  await client.readMessages(4);
  assertEquals(client.messages.map(({ method }) => method), GAP_METHODS);
  assertMatch(client.messages[0].params.data, IS_GONE);
  await client.cut();
});

Deno.test("changes that nobody carried and that are gone are told as a gap to who listens anew", async () => {
  using set = await openSession({ MCP_REPLAY_EVENTS: 3 });
  const change = await subscribedSession(set);
  const client = new ResumingClient(() => set.session.listen());
  await client.connect();
  await client.cut();
  await change();
  await client.connect();
  await client.readMessages(4);
  assertEquals(client.messages.map(({ method }) => method), GAP_METHODS);
  await client.cut();
});

Deno.test("more than the replay holds, said before a handler first waits, is told as a gap", async () => {
  using set = await openSession({ MCP_REPLAY_EVENTS: 3 });
  set.app.catalog.tools.add({
    ...set.puppet.tool,
    name: "loud",
    call: (_args, ctx) => {
      for (let number = 0; number < 5; number++) ctx.log.info(number);
      return { content: [] };
    },
  });
  const response = await set.session.post(toolCall("loud", {}, "call"));
  const messages = (await new EventReader(response).rest()).filter(({ data }) => data !== "");
  assertMatch(messages[0]?.json.params.data, IS_GONE);
  assertEquals(messages.at(-1)?.json, { jsonrpc: "2.0", result: { content: [] }, id: "call" });
});
