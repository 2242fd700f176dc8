/** Which session goes when there are `MCP_MAX_SESSIONS`: the order that docs/operations/limits.md states. */
import { assertEquals } from "@std/assert";
import { rpc, testApp, toolCall } from "../helpers/app.ts";
import { TestSession } from "../helpers/session.ts";
import { EventReader } from "../helpers/sse.ts";
import { HeldTool } from "../helpers/tools.ts";
import { scrape } from "../helpers/metrics.ts";

const MAX = 3;

async function full() {
  const held = new HeldTool();
  const app = testApp({ tools: [held.tool], settings: { MCP_MAX_SESSIONS: MAX } });
  const sessions: TestSession[] = [];
  for (let count = 0; count < MAX; count++) sessions.push(await TestSession.open(app));
  const [first, second, third] = sessions as [TestSession, TestSession, TestSession];
  /** Whether a session is still in memory: if not, a request brings it back. */
  const isThere = async (session: TestSession) => {
    const restored = async () =>
      (await scrape(app)).value("lifeline_sessions_opened_total", { how: "restored" });
    const before = await restored();
    await session.ask(rpc("ping"));
    return await restored() === before;
  };
  return { app, held, first, second, third, isThere, [Symbol.dispose]: () => app.stop() };
}

Deno.test("the session that was used least lately goes first, whichever was opened first", async () => {
  using set = await full();
  await set.first.ask(rpc("ping"));
  await TestSession.open(set.app);
  assertEquals(await set.isThere(set.first), true);
  assertEquals(await set.isThere(set.third), true);
  assertEquals(await set.isThere(set.second), false);
});

Deno.test("a session with an open stream or a running request is spared", async () => {
  using set = await full();
  const events = new EventReader(await set.first.listen());
  const answering = set.second.post(toolCall("held"), { accept: "application/json" });
  const call = await set.held.next();
  await TestSession.open(set.app);
  assertEquals(call.ctx.signal.aborted, false);
  assertEquals(set.app.ledger().open, 1);
  call.finish("done");
  assertEquals((await (await answering).json()).result.content[0].text, "done");
  assertEquals(await set.isThere(set.second), true);
  assertEquals(await set.isThere(set.third), false);
  await events.leave();
});

Deno.test("where all are busy the one used least lately goes with its stream and its calls", async () => {
  using set = await full();
  const streams: EventReader[] = [];
  for (const session of [set.first, set.second, set.third]) {
    streams.push(new EventReader(await session.listen()));
  }
  await TestSession.open(set.app);
  const { open, closed } = set.app.ledger();
  assertEquals([open, closed.disconnected], [2, 1]);
  await streams[0]?.rest();
  for (const stream of streams.slice(1)) await stream.leave();
});
