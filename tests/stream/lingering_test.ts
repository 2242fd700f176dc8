import { assert, assertEquals, assertThrows } from "@std/assert";
import { ProtocolError } from "../../lib/base/errors.ts";
import { bytes, Streams } from "../helpers/streams.ts";
import { settled } from "../helpers/time.ts";

Deno.test("a closed stream counts towards its client's limit until the transport lets it go", async () => {
  using streams = new Streams({ maxConnectionsPerClient: 1, maxQueuedBytes: 100 });
  const transport = Promise.withResolvers<void>();
  const { connection } = streams.open({ released: transport.promise });
  connection.send(bytes(500));
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
  using streams = new Streams({ maxConnections: 2 });
  const transport = Promise.withResolvers<void>();
  streams.open({ released: transport.promise }).connection.close("max_age");
  streams.open();
  assertThrows(() => streams.open(), ProtocolError, "MCP_MAX_CONNECTIONS");
  transport.reject(new Deno.errors.Interrupted());
  await settled();
  streams.open();
  assert(streams.addsUp());
});

Deno.test("a stream that the transport lets go of while it is open has lost its client", async () => {
  using streams = new Streams();
  const { connection } = streams.open({ released: Promise.resolve() });
  await settled();
  assertEquals(connection.reason, "client_closed");
  const { open, lingering } = streams.registry.ledger();
  assertEquals([open, lingering, streams.wheel.size], [0, 0, 0]);
  assert(streams.addsUp());
});

Deno.test("no timer waits for bytes that the transport has taken after the close", async () => {
  using streams = new Streams();
  const transport = Promise.withResolvers<void>();
  const stream = streams.open({ released: transport.promise });
  stream.connection.send(bytes(500));
  stream.connection.close("max_age");
  assertEquals(streams.wheel.size, 1);
  transport.resolve();
  await settled();
  assertEquals(streams.wheel.size, 0);
});
