/** What a new stream hears of changes: a plain one at once, one of 2024-11-05 after initialize. */
import { assertEquals } from "@std/assert";
import { initializeRequest, testApp } from "../helpers/app.ts";
import { EventReader } from "../helpers/sse.ts";
import { settled } from "../helpers/time.ts";
import { toolThat } from "../helpers/tools.ts";

/** The methods of the notifications that a stream has carried. */
function heard(events: EventReader): (string | undefined)[] {
  return [...events.text.matchAll(/"method":"([^"]*)"/g)].map(([, method]) => method);
}

Deno.test("a plain stream hears of changes from its beginning on", async () => {
  using app = testApp();
  const { events } = await app.open();
  app.catalog.tools.add(toolThat(() => "", "new"));
  assertEquals((await events.nextNamed("message")).json.method, "notifications/tools/list_changed");
  await events.leave();
});

Deno.test("a stream of 2024-11-05 hears of no change before initialize, and of all after it", async () => {
  using app = testApp();
  const response = await app.request("/mcp", { headers: { accept: "text/event-stream" } });
  const events = new EventReader(response);
  const { data } = await events.nextNamed("endpoint");
  app.catalog.tools.add(toolThat(() => "", "first"));
  await settled();
  assertEquals(heard(events), []);
  await app.post(`/mcp${data}`, initializeRequest("2024-11-05"));
  assertEquals((await events.nextNamed("message")).json.result.protocolVersion, "2024-11-05");
  app.catalog.tools.add(toolThat(() => "", "second"));
  assertEquals((await events.nextNamed("message")).json.method, "notifications/tools/list_changed");
  await events.leave();
});
