/**
 * Streams for the answer to one call: they are not long-lived streams, and they leave nothing
 * behind.
 */
import { assertEquals, assertMatch } from "@std/assert";
import { DIALECTS } from "../../lib/transport/dialects.ts";
import { PLAIN_HEADERS, testApp, toolCall } from "../helpers/app.ts";
import { watchListeners } from "../helpers/change_listeners.ts";
import { BOTH, TestSession } from "../helpers/session.ts";
import { EventReader } from "../helpers/sse.ts";
import { HeldTool, toolThat } from "../helpers/tools.ts";
import { mirrorHeaders, modernBody } from "../spec/support/modern.ts";
import { settled } from "../helpers/time.ts";

/** Says something first, so that the answer comes on a stream. */
const chatty = toolThat(async ({ log }) => {
  log.info("wait");
  await settled();
  return "done";
});

const ONE_STREAM = { MCP_STREAM_OPENS_PER_SECOND: 1, MCP_STREAM_OPENS_BURST: 1 };

Deno.test("the rate of streams does not count those that carry the answer to a call, in any dialect", async () => {
  using app = testApp({ tools: [chatty], settings: ONE_STREAM });
  const session = await TestSession.open(app);
  for (let number = 1; number <= 5; number++) {
    const inSession = await session.post(toolCall("subject", {}, number));
    const body = modernBody("tools/call", { name: "subject", arguments: {} }, {
      id: number,
      meta: { "io.modelcontextprotocol/logLevel": "info" },
    });
    const modern = await app.post("/mcp", body, mirrorHeaders(body));
    const alone = await app.post("/mcp", toolCall("subject", {}, number), {
      accept: "text/event-stream",
    });
    for (const response of [inSession, modern, alone]) {
      assertEquals(response.status, 200);
      assertEquals(response.headers.get("content-type"), "text/event-stream");
      assertEquals((await new EventReader(response).rest()).at(-1)?.json.id, number);
    }
  }
  // Those that stay by themselves are counted.
  const [first, second] = [1, 2].map(() =>
    app.request("/mcp/sse", { method: "POST", headers: PLAIN_HEADERS })
  );
  assertEquals([(await first)?.status, (await second)?.status], [200, 429]);
  await (await first)?.body?.cancel();
});

Deno.test("the answer to a batch of one that is gone is an error for the id of its request", async () => {
  const held = new HeldTool();
  using app = testApp({ tools: [held.tool], settings: { MCP_REPLAY_EVENTS: 1 } });
  const session = await TestSession.open(app, { version: "2025-03-26" });
  const response = await session.post([toolCall("held", {}, "one")], { accept: BOTH });
  const call = await held.next();
  call.ctx.log.info(1);
  const events = new EventReader(response);
  const { id } = (await events.nextNamed("message"))!;
  await events.leave();
  call.ctx.log.info(2);
  call.finish("lost");
  await settled();
  const resumed = new EventReader(await session.listen(id));
  const [lost] = (await resumed.rest()).filter(({ json }) => json !== undefined);
  assertEquals(lost?.json.id, "one");
  assertMatch(lost?.json.error.message, /gone and cannot be replayed/);
});

Deno.test("whatever listens to changes is let go of when its client leaves", async () => {
  const { dialects, listeners } = watchListeners(DIALECTS);
  using app = testApp({ dialects });
  const { events: plain } = await app.open();
  const httpSse = new EventReader(
    await app.request("/mcp", { headers: { accept: "text/event-stream" } }),
  );
  const body = modernBody("subscriptions/listen", { notifications: { toolsListChanged: true } });
  const listen = new EventReader(await app.post("/mcp", body, mirrorHeaders(body)));
  await listen.next();
  assertEquals(listeners.size, 3);
  for (const events of [plain, httpSse, listen]) await events.leave();
  await settled();
  assertEquals(listeners.size, 0);
});
