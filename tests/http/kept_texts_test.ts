/** Texts that outlive their request are bounded, and requests beyond the bound are refused. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import * as z from "zod";
import { defineTool } from "../../lib/mod.ts";
import { initializeRequest, rpc, testApp, toolCall } from "../helpers/app.ts";
import { TestSession } from "../helpers/session.ts";

const LONG = "x".repeat(10_000);

Deno.test("a URI that is too long to keep cannot be subscribed to", async () => {
  using app = testApp();
  const session = await TestSession.open(app);
  for (const [length, code] of [[2_048, undefined], [2_049, -32602]] as const) {
    const uri = "test://".padEnd(length, "x");
    const response = await session.post(rpc("resources/subscribe", { uri }, length));
    const { error } = await response.json();
    assertEquals(error?.code, code);
  }
  await session.delete();
});

Deno.test("a URI that is too long to be compared is refused, and one that is not is looked for", async () => {
  using app = testApp();
  for (
    const [length, says] of [[8_192, "Resource not found"], [8_193, "8192 characters"]] as const
  ) {
    const uri = "test://".padEnd(length, "%");
    const { error } = await (await app.post("/mcp", rpc("resources/read", { uri }))).json();
    assertStringIncludes(error.message, says);
    const ref = { type: "ref/resource", uri };
    const argument = { name: "a", value: "" };
    const completed = await app.post("/mcp", rpc("completion/complete", { ref, argument }));
    assertEquals((await completed.json()).error.code, -32602);
  }
});

Deno.test("an id that is too long to keep is refused", async () => {
  using app = testApp();
  const post = async (id: string) => await (await app.post("/mcp", rpc("ping", {}, id))).json();
  assertEquals((await post("x".repeat(8_192))).id.length, 8_192);
  const { id, error } = await post("x".repeat(8_193));
  assertEquals([id, error.code], [null, -32600]);
});

Deno.test("a progress token that is too long to send again and again is none", async () => {
  using app = testApp();
  const message = rpc("tools/call", {
    name: "countdown",
    arguments: { from: 1, interval_ms: 1 },
    _meta: { progressToken: LONG },
  });
  const { result } = await (await app.post("/mcp", message)).json();
  assertEquals(result.isError ?? false, false);
});

Deno.test("the names of a client are cut, and it is served", async () => {
  using app = testApp();
  const response = await app.post(
    "/mcp",
    initializeRequest("2025-11-25", { clientInfo: { name: LONG, version: LONG } }),
  );
  assertEquals(response.status, 200);
  await response.body?.cancel();
});

Deno.test("of many errors the first are told, and how many more there are", async () => {
  const tool = defineTool({
    name: "sum",
    description: "Adds",
    input: z.object({ values: z.array(z.number()) }),
    run: () => "",
  });
  using app = testApp({ tools: [tool] });
  const response = await app.post("/mcp", toolCall("sum", { values: Array(1_020).fill("no") }));
  const { result } = await response.json();
  const [{ text }] = result.content;
  assertStringIncludes(text, "values[19]");
  assertStringIncludes(text, "and 1,000 more");
  assertEquals(text.includes("values[20]"), false);
});

Deno.test("a batch holds at most 100 messages", async () => {
  using app = testApp();
  const session = await TestSession.open(app, { version: "2025-03-26" });
  const batch = (count: number) => Array.from({ length: count }, (_, n) => rpc("ping", {}, n));
  assertEquals((await (await session.post(batch(100))).json()).length, 100);
  const refused = await session.post(batch(101));
  assertEquals(refused.status, 400);
  assertStringIncludes((await refused.json()).error.message, "100 messages");
  await session.delete();
});

Deno.test("a long Accept header is read as far as 1,024 characters", async () => {
  using app = testApp();
  const accept = `application/json,${"a/b;q=0.1,".repeat(6_000)}`;
  const response = await app.post("/mcp", rpc("ping"), { accept });
  assertEquals((await response.json()).result, {});
});
