import { assert, assertEquals, assertThrows } from "@std/assert";
import { ProtocolError } from "../../lib/base/errors.ts";
import { CapturedLog } from "../helpers/log.ts";
import { bytes, Streams } from "../helpers/streams.ts";
import { settled } from "../helpers/time.ts";

/** Room for answers of several pieces. */
const WIDE = { MCP_MAX_QUEUED_BYTES: 4_000_000, MCP_MAX_TOTAL_QUEUED_BYTES: 8_000_000 };

Deno.test("a closed stream counts towards its client's limit until the transport lets it go", async () => {
  using streams = new Streams({ MCP_MAX_CONNECTIONS_PER_CLIENT: 1, MCP_MAX_QUEUED_BYTES: 100 });
  const transport = Promise.withResolvers<void>();
  const { connection } = streams.open({ socket: { released: () => transport.promise } });
  connection.sendRaw(bytes(500));
  await streams.time.advance(5_025);
  assertEquals(connection.reason, "queue_full");
  const { open, lingering } = streams.registry.ledger();
  assertEquals([open, lingering], [0, 1]);
  assertThrows(() => streams.open(), ProtocolError, "MCP_MAX_CONNECTIONS_PER_CLIENT");
  streams.open({ address: "192.0.2.2" });
  transport.resolve();
  await settled();
  assertEquals(streams.registry.ledger().lingering, 0);
  streams.open();
  assert(streams.addsUp());
});

Deno.test("closed streams count towards the limit of all until the transport lets them go", async () => {
  using streams = new Streams({ MCP_MAX_CONNECTIONS: 2 });
  const transport = Promise.withResolvers<void>();
  streams.open({ socket: { released: () => transport.promise } }).connection.close("max_age");
  streams.open();
  assertThrows(() => streams.open(), ProtocolError, "MCP_MAX_CONNECTIONS");
  transport.reject(new Deno.errors.Interrupted());
  await settled();
  streams.open();
  assert(streams.addsUp());
});

Deno.test("a stream whose transport has let go of it already counts no longer than it is open", async () => {
  using streams = new Streams({ MCP_MAX_CONNECTIONS_PER_CLIENT: 1 });
  const stream = streams.open({ socket: { released: () => Promise.resolve() } });
  await stream.leave();
  await settled();
  const { open, lingering } = streams.registry.ledger();
  assertEquals([open, lingering, streams.wheel.size], [0, 0, 0]);
  streams.open();
  assert(streams.addsUp());
});

Deno.test("no timer waits for bytes that the transport has taken after the close", async () => {
  using streams = new Streams();
  const transport = Promise.withResolvers<void>();
  const stream = streams.open({ socket: { released: () => transport.promise } });
  stream.connection.sendRaw(bytes(500));
  stream.connection.close("max_age");
  assertEquals(streams.wheel.size, 1);
  transport.resolve();
  await settled();
  assertEquals(streams.wheel.size, 0);
});

Deno.test("a slow reader of the last bytes is left alone as long as it goes on taking", async () => {
  using streams = new Streams(WIDE);
  const stream = streams.open();
  // More than one piece of the queue, so that a reader can be seen to go on.
  stream.connection.sendResponse(bytes(500_000));
  stream.connection.close("completed");
  for (let round = 0; round < 7; round++) {
    await streams.time.advance(4_900, 100);
    assert(await stream.read() !== undefined);
  }
  assertEquals(streams.registry.ledger().queuedBytes > 0, true);
  await stream.follow();
  assert(stream.text.endsWith("bye completed\n"), "cut");
  await streams.time.advance(5_100, 100);
  assertEquals([streams.wheel.size, streams.registry.ledger().queuedBytes], [0, 0]);
});

Deno.test("a slow reader of the last bytes that stops is cut off within 10 s, and its answer is lost", async () => {
  using log = new CapturedLog("warning");
  using streams = new Streams(WIDE);
  const stream = streams.open();
  stream.connection.sendResponse(bytes(500_000));
  stream.connection.close("completed");
  await streams.time.advance(4_900, 100);
  await stream.read();
  await streams.time.advance(5_200, 100);
  assertEquals([streams.wheel.size, streams.registry.ledger().queuedBytes], [0, 0]);
  await stream.follow();
  assertEquals(stream.text, "<cut: completed>");
  assertEquals(log.of("Results lost").map(({ fields }) => [fields.reason, fields.results]), [
    ["completed", 1],
  ]);
});

Deno.test("no reader of the last bytes is waited for longer than a minute and what their number needs", async () => {
  using streams = new Streams(WIDE);
  const stream = streams.open();
  stream.connection.sendRaw(bytes(3_000_000));
  stream.connection.close("completed");
  // At 64 bytes per ms they need 46.9 s.
  for (let second = 0; second < 104; second += 4) {
    await streams.time.advance(4_000, 100);
    assert(await stream.read() !== undefined);
  }
  assertEquals(streams.wheel.size, 1);
  await streams.time.advance(4_100, 100);
  assertEquals([streams.wheel.size, streams.registry.ledger().queuedBytes], [0, 0]);
  await stream.follow();
  assertEquals(stream.text, "<cut: completed>");
});

Deno.test("the last bytes count towards the budget of all streams, and go first when they are most", async () => {
  using streams = new Streams({ MCP_MAX_QUEUED_BYTES: 5_000, MCP_MAX_TOTAL_QUEUED_BYTES: 5_000 });
  const ended = streams.open();
  ended.connection.sendRaw(bytes(3_000));
  ended.connection.close("completed");
  assert(streams.registry.ledger().queuedBytes > 3_000);
  const writer = streams.open();
  assert(writer.connection.sendRaw(bytes(2_500)));
  assert(streams.addsUp());
  assertEquals(streams.wheel.size, 1);
  await ended.follow();
  assertEquals(ended.text, "<cut: completed>");
});

Deno.test("a client that has left counts no longer, and its transport is not asked", async () => {
  using streams = new Streams({ MCP_MAX_CONNECTIONS_PER_CLIENT: 1 });
  const stream = streams.open({ socket: { released: () => new Promise(() => {}) } });
  await stream.leave();
  const { open, lingering } = streams.registry.ledger();
  assertEquals([stream.reason, open, lingering], ["client_closed", 0, 0]);
  streams.open();
  assert(streams.addsUp());
});
