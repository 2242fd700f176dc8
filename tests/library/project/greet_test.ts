import { createApp } from "@lifeline/mcp";
import { testClient } from "@lifeline/mcp/testing";
import { greet } from "./greet.ts";

Deno.test("greet greets", async () => {
  await using client = await testClient(createApp({ tools: [greet] }), { era: "2025-11-25" });
  const { content } = await client.call("greet", { name: "Ada" });
  if (JSON.stringify(content) !== '[{"type":"text","text":"Hello Ada"}]') throw new Error("Wrong");
});
