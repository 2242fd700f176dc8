/**
 * docs/operations/Dockerfile, executed without Docker: the image is complete, and its server drains
 * as process 1.
 */
import { assertEquals, assertMatch } from "@std/assert";
import { toolCall } from "../helpers/app.ts";
import { EventReader } from "../helpers/sse.ts";
import { type Container, Image } from "./image.ts";

async function portOf(container: Container): Promise<string> {
  const { text } = await container.line("greeting", ({ text }) => text.includes("Endpoint"));
  return /:(\d+)\//.exec(text)?.[1] ?? "";
}

async function openStream(port: string, message: unknown): Promise<EventReader> {
  return new EventReader(
    await fetch(`http://127.0.0.1:${port}/mcp/sse`, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "text/event-stream" },
      body: JSON.stringify(message),
    }),
  );
}

Deno.test("the Dockerfile's image", async (t) => {
  await using image = await Image.build();

  await t.step("starts from its cache alone, as nobody, and its health check tells", async () => {
    await using container = image.run({ PORT: "0" });
    const port = await portOf(container);
    assertEquals(await image.checkHealth(port), 0);
    await container.signal("TERM");
    assertEquals((await container.exit).code, 0);
    assertEquals(await image.checkHealth(port), 1);
  });

  await t.step(
    "drains as process 1: a running call ends, its stream says goodbye, code 0",
    async () => {
      await using container = image.run({ PORT: "0" });
      const port = await portOf(container);
      assertEquals((await container.numbers()).at(-1), "1");
      const events = await openStream(port, toolCall("countdown", { from: 3, interval_ms: 100 }));
      assertEquals((await events.next())?.event, "welcome");
      await container.signal("TERM");
      const response = await events.nextNamed("response");
      assertMatch(response.json.result.content[0].text, /./);
      assertEquals((await events.nextNamed("close")).json.data.reason, "drain");
      await events.leave();
      assertEquals((await container.exit).code, 0);
      await container.line("outcome", ({ text }) => text.includes(' [INFO] Stopped {"drained":1'));
    },
  );
});
