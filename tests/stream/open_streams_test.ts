import { assertEquals } from "@std/assert";
import { testApp } from "../helpers/app.ts";

Deno.test("an app shows its streams as values, and hands out nothing of what runs them", async () => {
  using app = testApp();
  const client = await app.open();
  const [stream] = app.connections.streams();
  assertEquals([stream?.id, stream?.dialect, stream?.state], [client.id, "plain", "open"]);
  assertEquals(app.connections.get(client.id)?.id, client.id);
  assertEquals(Object.values(stream ?? {}).filter((value) => typeof value === "function"), []);
  assertEquals("sendRaw" in (stream ?? {}), false);
  const members = Object.getOwnPropertyNames(Object.getPrototypeOf(app.connections)).sort();
  assertEquals(members, [
    "close",
    "closeByPeer",
    "constructor",
    "draining",
    "get",
    "ledger",
    "size",
    "streams",
  ]);
  assertEquals(Object.keys(app.connections), []);
});

Deno.test("`close()` ends the stream of an id for the reason given, and says whether there was one", async () => {
  using app = testApp();
  const [first, second] = [await app.open(), await app.open()];
  assertEquals(app.connections.close(first.id), true);
  assertEquals((await first.events.nextNamed("close")).json.data.reason, "disconnected");
  assertEquals(app.connections.close(second.id, "limit"), true);
  assertEquals((await second.events.nextNamed("close")).json.data.reason, "limit");
  assertEquals(app.connections.close(first.id), false);
  assertEquals(app.connections.get(first.id), undefined);
  assertEquals([app.connections.size, app.connections.ledger().closed.limit], [0, 1]);
});
