/** The JDK's default client, which offers an upgrade with each POST (Debian: openjdk-17-jdk-headless). */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { settingsWith } from "../../lib/base/settings.ts";
import { listenWithDeno } from "../../lib/runtime/listen/deno_listener.ts";
import type { Listen } from "../../lib/runtime/listen/listener.ts";
import { listenWithNode } from "../../lib/runtime/listen/node_listener.ts";
import { createFixture } from "./fixture.ts";

const SOURCE = new URL("jdk/JdkClient.java", import.meta.url).pathname;

/** Runs the client and returns its output, one line for each answer. */
async function talkTo(listen: Listen): Promise<string[]> {
  const app = createFixture();
  const listener = await listen(app, { hostname: "127.0.0.1", port: 0 });
  const { stdout } = await new Deno.Command("java", {
    args: [SOURCE, `http://127.0.0.1:${listener.port}/mcp`],
    stderr: "inherit",
  }).output();
  app.stop();
  await listener.stop();
  return new TextDecoder().decode(stdout).split("\n");
}

Deno.test("the JDK's default client initializes, lists and calls where MCP_LISTENER=node", async () => {
  const [initialized, notified, list = "", call = ""] = await talkTo(
    listenWithNode(settingsWith()),
  );
  assertEquals([initialized, notified], ["200", "202"]);
  assertStringIncludes(list, '"name":"add"');
  assertStringIncludes(call, '"structuredContent":{"sum":3}');
});

Deno.test("the JDK's default client gets 400 from Deno.serve, as docs/operations/listeners.md says", async () => {
  const [initialized] = await talkTo(listenWithDeno);
  assertEquals(initialized, "400");
});
