/** The requests that run for one client count together, whatever sessions and streams they have. */
import { assertEquals, assertMatch } from "@std/assert";
import { rpc, testApp, toolCall } from "../helpers/app.ts";
import { TestSession } from "../helpers/session.ts";
import { scrape } from "../helpers/metrics.ts";
import { HeldTool } from "../helpers/tools.ts";

const HERE = { address: "127.0.0.1" };
const ELSEWHERE = { address: "192.0.2.7" };

Deno.test("calls of many sessions count as those of their client, also after it has left them", async () => {
  const held = new HeldTool();
  using app = testApp({ tools: [held.tool], settings: { MCP_MAX_CONNECTIONS_PER_CLIENT: 3 } });
  for (let n = 0; n < 3; n++) {
    const session = await TestSession.open(app, { peer: HERE });
    void session.post(toolCall("held")).then((response) => response.body?.cancel());
    await held.next();
  }
  const session = await TestSession.open(app, { peer: ELSEWHERE });
  const pong = await (await session.post(rpc("ping"))).json();
  assertEquals(pong.result, {}, "Another client has room");
  const last = session.on(app, { peer: HERE });
  const { error } = await (await last.post(toolCall("held"))).json();
  assertMatch(error.message, /too many .* run \(MCP_MAX_CONNECTIONS_PER_CLIENT\)/);
  assertEquals((await scrape(app)).value("lifeline_refused_total", { limit: "max_requests" }), 1);
  held.calls[0]?.finish("done");
  await Promise.resolve();
  const answer = await (await last.post(rpc("ping"))).json();
  assertEquals(answer.result, {});
  for (const call of held.calls) call.finish("done");
});

Deno.test("calls on plain streams count in all", async () => {
  const held = new HeldTool();
  using app = testApp({ tools: [held.tool], settings: { MCP_MAX_CONNECTIONS: 2 } });
  const client = await app.open(toolCall("held", {}, 1));
  await client.send(toolCall("held", {}, 2));
  await held.next();
  await held.next();
  await client.send(toolCall("held", {}, 3));
  const events = client.events;
  let data = "";
  while (!data.includes('"id":3')) data = (await events.next())?.data ?? '"id":3';
  assertMatch(data, /\(MCP_MAX_CONNECTIONS\)/);
  for (const call of held.calls) call.finish("done");
  await events.leave();
});
