/** The use of a session: requests, running calls and open streams. */
import { assertEquals } from "@std/assert";
import { rpc, type TestApp, testApp, toolCall } from "../helpers/app.ts";
import { TestSession } from "../helpers/session.ts";
import { EventReader } from "../helpers/sse.ts";
import { FakeTime } from "../helpers/time.ts";
import { HeldTool } from "../helpers/tools.ts";

const IDLE_MS = 60_000;

interface Scene {
  readonly app: TestApp;
  readonly time: FakeTime;
  readonly held: HeldTool;
  readonly session: TestSession;
}

async function play(scene: (given: Scene) => Promise<void>): Promise<void> {
  using time = new FakeTime();
  const held = new HeldTool();
  using app = testApp({
    tools: [held.tool],
    settings: {
      MCP_SESSION_IDLE_MS: IDLE_MS,
      MCP_REQUEST_TIMEOUT_MS: 10 * IDLE_MS,
      MCP_PING_INTERVAL_MS: 10 * IDLE_MS,
    },
    wheel: { clock: time.clock },
  });
  const session = await TestSession.open(app);
  await scene({ app, time, held, session });
}

/** It lives on for nearly all of the idle time from now on, and no longer. */
async function assertIdleFromNow({ time, session }: Scene): Promise<void> {
  await time.advance(IDLE_MS - 2_000);
  assertEquals((await session.post(rpc("ping"), { accept: "application/json" })).status, 200);
  await time.advance(IDLE_MS + 2_000);
  assertEquals((await session.post(rpc("ping"), { accept: "application/json" })).status, 404);
}

Deno.test("a session whose stream is lost has all of its idle time from then on", () =>
  play(async (scene) => {
    const events = new EventReader(await scene.session.listen());
    // Just before the moment at which it is looked whether the session is idle.
    await scene.time.advance(2 * IDLE_MS - 1_000);
    await events.leave();
    await assertIdleFromNow(scene);
  }));

for (const accept of ["application/json", "application/json, text/event-stream"]) {
  Deno.test(`a session has all of its idle time from the end of its last call on: ${accept}`, () =>
    play(async (scene) => {
      const answering = scene.session.post(toolCall("held"), { accept });
      const call = await scene.held.next();
      await scene.time.advance(2 * IDLE_MS - 1_000);
      call.finish("done");
      await (await answering).text();
      await assertIdleFromNow(scene);
    }));
}
