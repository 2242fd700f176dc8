import { assertEquals } from "@std/assert";
import { OpenStreams } from "../../lib/stream/open_streams.ts";
import { testApp } from "../helpers/app.ts";
import { Streams } from "../helpers/streams.ts";

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

Deno.test("`closeByPeer()` ends the streams on the sockets named, as those of a lost peer", () => {
  using streams = new Streams();
  const [lost, kept] = ["192.0.2.1:1", "192.0.2.1:2"].map((name) =>
    streams.open({ socket: { name } })
  );
  new OpenStreams(streams.registry).closeByPeer(new Set(["192.0.2.1:1"]));
  assertEquals([lost?.reason, kept?.reason], ["peer_lost", undefined]);
});
