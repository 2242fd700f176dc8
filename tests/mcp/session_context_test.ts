/** The headers that a tool reads, and the values that it keeps for its session. */
import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { settingsWith } from "../../lib/base/settings.ts";
import { SessionData } from "../../lib/mcp/session/session_data.ts";
import { rpc, testApp, toolCall } from "../helpers/app.ts";
import { TestSession } from "../helpers/session.ts";
import { toolThat } from "../helpers/tools.ts";

const settings = { MCP_TOOL_HEADERS: ["X-Tenant", "x-trace"] };
const headers = toolThat((ctx) => JSON.stringify(ctx.headers), "headers");
const counter = toolThat(({ session }) => {
  const count = (session?.get<number>("count") ?? 0) + 1;
  session?.set("count", count);
  return session === undefined ? "no session" : String(count);
}, "counter");

Deno.test("a tool reads the headers that MCP_TOOL_HEADERS names, and no others", async () => {
  using app = testApp({ tools: [headers], settings });
  const given = { accept: "application/json", "x-tenant": "acme", "x-other": "1", cookie: "a=b" };
  const response = await app.post("/mcp", toolCall("headers"), given);
  assertEquals((await response.json()).result.content[0].text, '{"x-tenant":"acme"}');
  using closed = testApp({ tools: [headers] });
  const none = await closed.post("/mcp", toolCall("headers"), given);
  assertEquals((await none.json()).result.content[0].text, "{}");
});

Deno.test("in a session a tool reads the headers of each request", async () => {
  using app = testApp({ tools: [headers], settings });
  const session = await TestSession.open(app);
  for (const tenant of ["acme", "umbrella"]) {
    const response = await session.post(toolCall("headers"), {
      accept: "application/json",
      "x-tenant": tenant,
    });
    assertMatch(await response.text(), new RegExp(`x-tenant.*${tenant}`));
  }
});

Deno.test("headers that carry credentials cannot be given to tools", () => {
  for (const name of ["Authorization", "cookie", "Proxy-Authorization", "MCP-Session-Id", "a b"]) {
    assertThrows(() => settingsWith({ MCP_TOOL_HEADERS: [name] }), Error, "header name");
  }
});

Deno.test("what a tool keeps for a session is there for its next call, and for no other session", async () => {
  using app = testApp({ tools: [counter] });
  const one = await TestSession.open(app);
  const other = await TestSession.open(app);
  const count = async (session: TestSession, id: number) =>
    (await session.ask(toolCall("counter", {}, id))).result.content[0].text;
  assertEquals([await count(one, 1), await count(one, 2), await count(other, 3)], ["1", "2", "1"]);
  const { events, send } = await app.open(toolCall("counter", {}, 1));
  assertEquals((await events.nextNamed("response")).json.result.content[0].text, "1");
  await send(toolCall("counter", {}, 2));
  assertEquals((await events.nextNamed("response")).json.result.content[0].text, "2");
  await events.leave();
});

Deno.test("a call without a session has none to keep things in", async () => {
  using app = testApp({ tools: [counter] });
  const response = await app.post("/mcp", toolCall("counter"), { accept: "application/json" });
  assertEquals((await response.json()).result.content[0].text, "no session");
  assertEquals((await (await app.post("/mcp", rpc("ping"))).json()).result, {});
});

Deno.test("`SessionData` keeps copies of what JSON can hold, and takes away what is undefined", () => {
  const data = new SessionData();
  const cart = { items: ["a"] };
  data.set("cart", cart);
  cart.items.push("b");
  assertEquals(data.get("cart"), { items: ["a"] });
  assertEquals(data.get("missing"), undefined);
  const says = "Cannot keep what JSON cannot hold: cart.size is a BigInt";
  assertThrows(() => data.set("cart", { size: 1n }), TypeError, says);
  data.set("cart", undefined);
  assertEquals(data.get("cart"), undefined);
});

Deno.test("`SessionData` refuses more than 100 values and more than 16 KiB, and keeps what it has", () => {
  const data = new SessionData();
  for (let index = 0; index < 100; index++) data.set(`k${index}`, index);
  assertThrows(() => data.set("one more", 1), RangeError, "100 values");
  data.set("k0", "changed");
  data.set("k1", undefined);
  data.set("one more", 1);
  const full = new SessionData();
  full.set("a", "x".repeat(16_381));
  assertThrows(() => full.set("b", 1), RangeError, "16384 characters");
  assertThrows(() => full.set("a", "x".repeat(16_382)), RangeError, "16384 characters");
  full.set("a", "short");
  full.set("b", "x".repeat(16_000));
  assertEquals(full.get("a"), "short");
});
