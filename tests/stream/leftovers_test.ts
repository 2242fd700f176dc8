import { assertEquals } from "@std/assert";
import { notification } from "../../lib/wire/json_rpc.ts";
import { busyDriver, bytes, Streams } from "../helpers/streams.ts";

Deno.test("close() leaves no timer behind for a reader that has stopped", async () => {
  using streams = new Streams({ MCP_PING_INTERVAL_MS: 100 });
  const { connection } = streams.open();
  connection.sendRaw(bytes(500));
  await streams.time.advance(400);
  assertEquals([connection.reason, streams.wheel.size], ["ping_failed", 0]);
});

Deno.test("close() leaves no timer behind for an outbox that is full", async () => {
  using streams = new Streams({ MCP_MAX_QUEUED_BYTES: 100 });
  const { connection } = streams.open();
  connection.sendRaw(bytes(500));
  assertEquals(streams.wheel.size, 2);
  await streams.time.advance(5_025);
  assertEquals([connection.reason, streams.wheel.size], ["queue_full", 0]);
});

Deno.test("close() leaves no timer behind for a client that left with bytes unread", async () => {
  using streams = new Streams();
  const left = streams.open();
  left.connection.sendRaw(bytes(500));
  await left.leave();
  const abort = new AbortController();
  const aborted = streams.open({ request: abort, driver: busyDriver(1) });
  aborted.connection.sendRaw(bytes(500));
  abort.abort();
  assertEquals([left.reason, aborted.reason], ["client_closed", "client_closed"]);
  assertEquals(streams.wheel.size, 0);
});

Deno.test("close() leaves no timer behind for a client that left with messages held back", async () => {
  using streams = new Streams();
  const stream = streams.open();
  stream.connection.sendRaw(bytes(500));
  const before = streams.wheel.size;
  stream.connection.sendMessage(notification("notifications/tools/list_changed"));
  assertEquals(streams.wheel.size, before + 1);
  await stream.leave();
  assertEquals([stream.reason, streams.wheel.size], ["client_closed", 0]);
});

Deno.test("close() drops the bytes of a stream that is not read within 5 s", async () => {
  using streams = new Streams();
  const stream = streams.open();
  stream.connection.sendRaw(bytes(500));
  stream.connection.close("max_age");
  await streams.time.advance(4_900);
  assertEquals(streams.wheel.size, 1);
  await streams.time.advance(200);
  assertEquals(streams.wheel.size, 0);
  await stream.follow();
  assertEquals(stream.text, "<cut: max_age>");
});
