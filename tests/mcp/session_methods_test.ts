/** Methods that need a session: with one they work, without one they are refused, never ignored. */
import { assertEquals, assertMatch } from "@std/assert";
import { rpc, testApp } from "../helpers/app.ts";
import { TestSession } from "../helpers/session.ts";

const URI = "lifeline://motto";

for (
  const [method, params] of [
    ["logging/setLevel", { level: "debug" }],
    ["resources/subscribe", { uri: URI }],
    ["resources/unsubscribe", { uri: URI }],
  ] as const
) {
  Deno.test(`${method} without a session is refused, and says what it needs`, async () => {
    using app = testApp();
    const response = await app.post("/mcp", rpc(method, params, 1));
    const { id, error } = await response.json();
    assertEquals([response.status, id, error?.code], [200, 1, -32601]);
    assertMatch(error.message, /needs a session; send initialize first/);
  });

  Deno.test(`${method} within a session is answered`, async () => {
    using app = testApp();
    const session = await TestSession.open(app);
    assertEquals((await session.ask(rpc(method, params, 1))).result, {});
  });
}

Deno.test("a method of another revision without a session is refused as an unknown one", async () => {
  using app = testApp();
  const { error } = await (await app.post("/mcp", rpc("server/discover"))).json();
  assertEquals(error.code, -32601);
  assertMatch(error.message, /server\/discover; this revision has completion\/complete, /);
});

Deno.test("a resource that is subscribed already can be subscribed again at the limit", async () => {
  using app = testApp();
  const session = await TestSession.open(app);
  const subscribe = (uri: string) => session.ask(rpc("resources/subscribe", { uri }));
  for (let number = 0; number < 1_000; number++) await subscribe(`lifeline://${number}`);
  const refused = await subscribe("lifeline://one-more");
  assertEquals(refused.error.code, -32603);
  assertMatch(refused.error.message, /1000; unsubscribe from another resource first/);
  assertEquals((await subscribe("lifeline://0")).result, {});
  await session.ask(rpc("resources/unsubscribe", { uri: "lifeline://0" }));
  assertEquals((await subscribe("lifeline://one-more")).result, {});
});
