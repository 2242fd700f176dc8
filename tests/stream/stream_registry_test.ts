import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { ProtocolError } from "../../lib/base/errors.ts";
import { BARE, busyDriver, bytes, Streams } from "../helpers/streams.ts";
import { settled } from "../helpers/time.ts";

const FIRST = "first\n".length;

/** The refusal of a stream that must not open. */
function refusal(streams: Streams, address?: string): ProtocolError {
  try {
    streams.open(address === undefined ? {} : { address });
  } catch (error) {
    assertInstanceOf(error, ProtocolError);
    return error;
  }
  throw new Error("The stream opened");
}

function assertRetryAfter(error: ProtocolError, limit: string): void {
  const seconds = error.headers?.["retry-after"] ?? "";
  assertMatch(seconds, /^([1-9]|10)$/);
  assertEquals(error.data, { limit, retry_after: Number(seconds) });
}

Deno.test("ids are made by the server: mcp_sse_ and 32 hexadecimal digits", () => {
  using streams = new Streams();
  const ids = Array.from({ length: 50 }, () => streams.open().connection.id);
  for (const id of ids) assertMatch(id, /^mcp_sse_[0-9a-f]{32}$/);
  assertEquals(new Set(ids).size, 50);
  assertEquals([...streams.registry.values()].map(({ id }) => id), ids);
});

Deno.test("ids of an instance end with its name, and are as long as others", () => {
  using streams = new Streams({}, { instance: "abcd1234" });
  const ids = [1, 2].map(() => streams.open().connection.id);
  for (const id of ids) assertMatch(id, /^mcp_sse_[0-9a-f]{24}abcd1234$/);
  assert(ids[0] !== ids[1]);
});

Deno.test("before the first stream all counts are zero", () => {
  using streams = new Streams();
  const { opened, open, lingering, queuedBytes, closed, refused } = streams.registry.ledger();
  assertEquals([opened, open, lingering, queuedBytes], [0, 0, 0, 0]);
  const { closed: ofDialect, ...counts } = streams.registry.countsOf("plain");
  assertEquals(counts, { opened: 0, sentBytes: 0 });
  const all = [closed, refused, ofDialect].flatMap((one) => Object.values(one));
  assertEquals(new Set(all), new Set([0]));
});

Deno.test("more than the maximum of streams is refused as overloaded, with Retry-After", () => {
  using streams = new Streams({ MCP_MAX_CONNECTIONS: 2 });
  streams.open();
  streams.open();
  const error = refusal(streams);
  assertEquals(error.kind, "overloaded");
  assertStringIncludes(error.message, "MCP_MAX_CONNECTIONS)");
  assertRetryAfter(error, "max_connections");
  const { opened, open, refused } = streams.registry.ledger();
  assertEquals([opened, open, refused.max_connections], [2, 2, 1]);
});

Deno.test("more than the maximum of one client is refused to it alone, with Retry-After", () => {
  using streams = new Streams({ MCP_MAX_CONNECTIONS_PER_CLIENT: 2 });
  streams.open();
  const second = streams.open();
  const error = refusal(streams);
  assertEquals(error.kind, "too_many_requests");
  assertStringIncludes(error.message, "192.0.2.1");
  assertRetryAfter(error, "max_per_client");
  streams.open({ address: "192.0.2.2" });
  second.connection.close("disconnected");
  streams.open();
  assertEquals(streams.registry.ledger().refused.max_per_client, 1);
});

Deno.test("refused clients are asked to come back spread over 10 s", () => {
  using streams = new Streams({ MCP_MAX_CONNECTIONS: 1 });
  streams.open();
  const seconds = Array.from(
    { length: 300 },
    () => refusal(streams).headers?.["retry-after"],
  );
  assertEquals(new Set(seconds).size, 10);
});

Deno.test("streams of one client that end make room for exactly as many", () => {
  using streams = new Streams({ MCP_MAX_CONNECTIONS_PER_CLIENT: 3 });
  for (let round = 0; round < 5; round++) {
    const opened = [streams.open(), streams.open(), streams.open()];
    refusal(streams);
    for (const { connection } of opened) {
      connection.close("completed");
      connection.close("error");
    }
  }
  assertEquals(streams.registry.size, 0);
});

Deno.test("over the total budget the greediest stream goes, not the one that writes", async () => {
  using streams = new Streams({ MCP_MAX_TOTAL_QUEUED_BYTES: 1_000 });
  const greedy = streams.open();
  greedy.connection.sendRaw(bytes(600));
  const modest = streams.open();
  modest.connection.sendRaw(bytes(200));
  assertEquals(modest.connection.sendRaw(bytes(190)), true);
  assertEquals([greedy.reason, modest.reason], ["queue_full", undefined]);
  assert(streams.addsUp());
  assertEquals(streams.registry.ledger().queuedBytes, FIRST + 390);
  // Its bytes are freed at once: that is the purpose of closing it.
  await greedy.follow();
  assertEquals(greedy.text, "<cut: queue_full>");
});

Deno.test("over the total budget the writer goes where it is itself the greediest", async () => {
  using streams = new Streams({ MCP_MAX_TOTAL_QUEUED_BYTES: 1_000 });
  const other = streams.open();
  other.connection.sendRaw(bytes(300));
  const writer = streams.open();
  assertEquals(writer.connection.sendRaw(bytes(900)), false);
  assertEquals([other.reason, writer.reason], [undefined, "queue_full"]);
  await settled();
});

Deno.test("bytes that readers have taken meanwhile close nobody", async () => {
  using streams = new Streams({ MCP_MAX_TOTAL_QUEUED_BYTES: 1_000 });
  const first = streams.open();
  first.connection.sendRaw(bytes(300));
  first.connection.sendRaw(bytes(300));
  // Takes one chunk of several: nothing tells the server so.
  await first.read();
  await first.read();
  const second = streams.open();
  assertEquals(second.connection.sendRaw(bytes(600)), true);
  assertEquals([first.reason, second.reason], [undefined, undefined]);
});

Deno.test("while the total budget is used up new streams are refused", () => {
  using streams = new Streams({ MCP_MAX_TOTAL_QUEUED_BYTES: 500 });
  const stream = streams.open();
  stream.connection.sendRaw(bytes(500 - FIRST));
  const error = refusal(streams);
  assertEquals(error.kind, "overloaded");
  assertRetryAfter(error, "queue_budget");
});

Deno.test("the total budget counts again once its readers have taken their bytes", async () => {
  using streams = new Streams({ MCP_MAX_TOTAL_QUEUED_BYTES: 500 });
  const stream = streams.open();
  stream.connection.sendRaw(bytes(500 - FIRST));
  await stream.read();
  streams.open();
  assertEquals(streams.registry.ledger().refused.queue_budget, 0);
});

Deno.test("`drain()` ends idle streams at once with their goodbye, and refuses new ones", async () => {
  using streams = new Streams();
  const stream = streams.openFollowed({ driver: busyDriver() });
  const draining = streams.drain(5_000);
  assertEquals(stream.reason, "drain");
  assertEquals(await draining, { drained: 1, cut: 0 });
  await settled();
  assertEquals(stream.text, "first\nbye drain\n");
  const error = refusal(streams);
  assertEquals(error.kind, "draining");
  assertRetryAfter(error, "draining");
});

Deno.test("`drain()` gives running calls the rest of the budget, and no longer", async () => {
  using streams = new Streams();
  const quick = busyDriver(1);
  const slow = busyDriver(1);
  const [first, second] = [quick, slow].map((driver) => streams.openFollowed({ driver }));
  const draining = streams.drain(5_000);
  await streams.time.advance(2_000);
  assertEquals([first!.reason, second!.reason], [undefined, undefined]);
  quick.unanswered = 0;
  streams.registry.closeIfIdle(first!.connection);
  assertEquals([first!.reason, second!.reason], ["drain", undefined]);
  await streams.time.advance(3_000);
  assertEquals(await draining, { drained: 1, cut: 1 });
  assertEquals(slow.aborted.map(({ reason }) => reason), ["drain"]);
  assertEquals([quick.aborted[0]?.reason, streams.registry.size], ["drain", 0]);
});

Deno.test("`drain()` ends as soon as the last stream has, and leaves no timer", async () => {
  using streams = new Streams();
  const driver = busyDriver(1);
  const stream = streams.openFollowed({ driver });
  const draining = streams.drain(60_000);
  await streams.time.advance(100);
  await stream.leave();
  assertEquals(await draining, { drained: 1, cut: 0 });
  assertEquals(stream.reason, "client_closed");
});

Deno.test("`drain()` of no streams ends at once, and again", async () => {
  using streams = new Streams();
  assertEquals(await streams.drain(5_000), { drained: 0, cut: 0 });
  assertEquals(await streams.drain(5_000), { drained: 0, cut: 0 });
});

Deno.test("`settled()` ends nothing while the server is not draining", () => {
  using streams = new Streams();
  const stream = streams.open({ driver: busyDriver() });
  streams.registry.closeIfIdle(stream.connection);
  assertEquals(stream.connection.state, "open");
});

Deno.test("`stop()` ends everything at once and leaves no timer", () => {
  using streams = new Streams();
  const driver = busyDriver(1);
  const stream = streams.open({ driver });
  streams.registry.stop();
  assertEquals([stream.reason, streams.registry.size, streams.wheel.size], ["drain", 0, 0]);
  assertEquals(driver.aborted.length, 1);
  assert(streams.addsUp());
});

Deno.test("a stream that is opened by the end of another one is counted too", async () => {
  using streams = new Streams({ MCP_MAX_CONNECTIONS: 1 });
  const driver = busyDriver(1);
  const stream = streams.open({ driver });
  driver.onEnded = () => void streams.open();
  stream.connection.close("superseded");
  assertEquals(streams.registry.ledger().opened, 2);
  assert(streams.addsUp());
  await settled();
});

Deno.test("`get()` knows open streams only", () => {
  using streams = new Streams();
  const { connection } = streams.open({ driver: BARE });
  assertEquals(streams.registry.get(connection.id), connection);
  connection.close("completed");
  assertEquals(streams.registry.get(connection.id), undefined);
  assertEquals(streams.registry.get("__proto__"), undefined);
});

Deno.test("`closeByPeer()` ends all streams on the sockets named, aborts their calls and spares the others", () => {
  using streams = new Streams();
  const works = [busyDriver(1), busyDriver(2), busyDriver(1), busyDriver(1)];
  const sockets = ["192.0.2.1:1", "192.0.2.1:1", "192.0.2.1:2", undefined];
  const opened = works.map((driver, index) =>
    streams.open({ driver, socket: { name: sockets[index] } })
  );
  streams.registry.closeByPeer(new Set(["192.0.2.1:1", "192.0.2.9:9"]));
  assertEquals(opened.map(({ reason }) => reason), [
    "peer_lost",
    "peer_lost",
    undefined,
    undefined,
  ]);
  assertEquals(works.map(({ aborted }) => aborted.length), [1, 1, 0, 0]);
  assertEquals(streams.registry.ledger().closed.peer_lost, 2);
  assert(streams.addsUp());
});
