/** Answers that wait for their readers count, streams or not. */
import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { testApp, toolCall } from "../helpers/app.ts";

Deno.test("a JSON answer of more than 16 KiB counts until it is read or given up", async () => {
  using app = testApp();
  const echo = toolCall("echo", { message: "x".repeat(17_000) });
  const read = await app.post("/mcp", echo);
  const left = await app.post("/mcp", echo);
  assertGreater(app.activity().unreadBytes, 34_000);
  await read.text();
  assertLess(app.activity().unreadBytes, 34_000);
  await left.body?.cancel();
  assertEquals(app.activity().unreadBytes, 0);
});
