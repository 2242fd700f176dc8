/** The close reasons that belong to dialects other than the plain one. */
import { assertEquals } from "@std/assert";
import { testApp, toolCall } from "../helpers/app.ts";
import { BOTH, TestSession } from "../helpers/session.ts";
import { EventReader } from "../helpers/sse.ts";
import { FakeTime, settled } from "../helpers/time.ts";
import { HeldTool } from "../helpers/tools.ts";

Deno.test("superseded: the newest stream of a session wins, and the older one ends", async () => {
  using app = testApp();
  const session = await TestSession.open(app);
  const older = new EventReader(await session.listen());
  const newer = new EventReader(await session.listen());
  await older.rest();
  const { open, closed } = app.ledger();
  assertEquals([open, closed.superseded], [1, 1]);
  await newer.leave();
  assertEquals(app.ledger().closed.client_closed, 1);
});

Deno.test("completed: a call without a session that turned into a stream ends with its answer", async () => {
  using time = new FakeTime();
  const held = new HeldTool();
  using app = testApp({ tools: [held.tool], wheel: { clock: time.clock } });
  const accept = "application/json, text/event-stream";
  const answering = app.post("/mcp", toolCall("held", {}, 5), { accept });
  const call = await held.next();
  await time.advance(1_000);
  const events = new EventReader(await answering);
  call.finish("done");
  const [answer] = await events.rest();
  assertEquals([answer?.event, answer?.json.id], ["message", 5]);
  assertEquals([app.ledger().open, app.ledger().closed.completed], [0, 1]);
});

Deno.test("disconnected: the end of a session ends its stream", async () => {
  using app = testApp();
  const session = await TestSession.open(app);
  const events = new EventReader(await session.listen());
  const deleted = await session.delete();
  assertEquals(deleted.status, 204);
  await events.rest();
  assertEquals([app.ledger().open, app.ledger().closed.disconnected], [0, 1]);
});

Deno.test("disconnected: the end of a session ends the stream of a call that does not stop", async () => {
  const held = new HeldTool();
  using app = testApp({ tools: [held.tool] });
  const session = await TestSession.open(app);
  const events = new EventReader(await session.post(toolCall("held", {}, 5), { accept: BOTH }));
  const call = await held.next();
  call.ctx.log.info("runs");
  await events.nextNamed("message");
  assertEquals((await session.delete()).status, 204);
  assertEquals(call.ctx.signal.aborted, true);
  await settled();
  assertEquals([app.ledger().open, app.ledger().closed.disconnected], [0, 1]);
  call.finish("late");
  await events.rest();
});

Deno.test("client_closed: leaving the stream of a call without a session cancels the call", async () => {
  const held = new HeldTool();
  using app = testApp({ tools: [held.tool] });
  const answering = app.post("/mcp", toolCall("held", {}, 5), { accept: "text/event-stream" });
  const call = await held.next();
  const events = new EventReader(await answering);
  const { signal } = call.ctx;
  await events.leave();
  await settled();
  assertEquals(signal.reason.reason, "client_closed");
  assertEquals(app.ledger().closed.client_closed, 1);
});
