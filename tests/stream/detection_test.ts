/** Each layer of disconnect detection alone ends the stream and aborts what runs for it. */
import { shortId } from "../../lib/base/ids.ts";
import { assert, assertEquals } from "@std/assert";
import { createEmit } from "../../lib/base/observer.ts";
import { CapturedLog } from "../helpers/log.ts";
import {
  type BareStream,
  type BusyDriver,
  busyDriver,
  bytes,
  LIMITS,
  Streams,
} from "../helpers/streams.ts";
import { settled } from "../helpers/time.ts";

const INTERVAL = LIMITS.MCP_PING_INTERVAL_MS;

/** Makes every write to a stream throw, like a broken transport. */
function breakWrites(): Disposable {
  const prototype = ReadableStreamDefaultController.prototype;
  const { enqueue } = prototype;
  prototype.enqueue = () => {
    throw new TypeError("The stream controller cannot close or enqueue");
  };
  return { [Symbol.dispose]: () => void (prototype.enqueue = enqueue) };
}

function assertEnded(
  streams: Streams,
  stream: BareStream,
  driver: BusyDriver,
  reason: string,
): void {
  assertEquals(stream.reason, reason);
  assertEquals(driver.aborted.map((aborted) => aborted.reason), [reason]);
  assertEquals(streams.registry.size, 0);
  assert(streams.addsUp());
}

Deno.test("layer 1: a reader that cancels the stream ends it at once", async () => {
  using log = new CapturedLog();
  using streams = new Streams();
  const driver = busyDriver(1);
  const stream = streams.open({ driver });
  await stream.leave();
  assertEnded(streams, stream, driver, "client_closed");
  assertEquals(log.of("Connection aborted detected").map(({ fields }) => fields), [
    { connection_id: shortId(stream.connection.id) },
  ]);
  assertEquals(streams.wheel.size, 0);
});

Deno.test("layer 1: the request's signal alone ends it at once, though nobody cancels the stream", async () => {
  using streams = new Streams();
  const driver = busyDriver(1);
  const client = new AbortController();
  const stream = streams.openFollowed({ driver, request: client });
  await settled();
  client.abort();
  assertEnded(streams, stream, driver, "client_closed");
  assertEquals(streams.wheel.size, 0);
});

/** A stream without running requests, whose request's signal has aborted. */
async function idleAndAborted(streams: Streams) {
  const driver = busyDriver();
  const client = new AbortController();
  const stream = streams.openFollowed({ driver, request: client });
  await settled();
  client.abort();
  return { driver, stream };
}

Deno.test("layer 1: an idle stream, which nothing runs for, looks at the signal with its next ping", async () => {
  using streams = new Streams();
  const { driver, stream } = await idleAndAborted(streams);
  assertEquals(stream.reason, undefined);
  await streams.time.advance(INTERVAL);
  assertEnded(streams, stream, driver, "client_closed");
  assertEquals([stream.connection.pingCount, streams.wheel.size], [0, 0]);
});

Deno.test("layer 1: what begins to run for a stream whose signal has aborted is stopped at once", async () => {
  using streams = new Streams();
  const { driver, stream } = await idleAndAborted(streams);
  driver.unanswered = 1;
  stream.connection.listenForAbort();
  assertEnded(streams, stream, driver, "client_closed");
});

Deno.test("layer 1: a signal that has aborted before the stream opens ends it before its first byte", async () => {
  using streams = new Streams();
  const driver = busyDriver(1);
  const stream = streams.open({ driver, request: { signal: AbortSignal.abort() } });
  assertEquals(stream.reason, "client_closed");
  assertEquals(await stream.read(), undefined);
  assertEquals([stream.connection.sentBytes, streams.wheel.size], [0, 0]);
});

Deno.test("the signal of an idle stream is not looked at before its first ping", async () => {
  using streams = new Streams();
  const client = new AbortController();
  let looks = 0;
  const request = {
    get signal() {
      looks++;
      return client.signal;
    },
  };
  const { connection } = streams.openFollowed({ driver: busyDriver(), request });
  await settled();
  assertEquals(looks, 0);
  await streams.time.advance(INTERVAL);
  assertEquals([looks, connection.pingCount], [1, 1]);
});

Deno.test("layer 1: signal and cancel together count once", async () => {
  using streams = new Streams();
  const client = new AbortController();
  const driver = busyDriver(1);
  const stream = streams.open({ driver, request: client });
  client.abort();
  await stream.leave();
  assertEnded(streams, stream, driver, "client_closed");
});

Deno.test("a stream that has ended listens to its request's signal no more", async () => {
  using streams = new Streams();
  const client = new AbortController();
  let listeners = 0;
  const { addEventListener, removeEventListener } = client.signal;
  client.signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
    listeners++;
    addEventListener.apply(client.signal, args);
  };
  client.signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
    listeners--;
    removeEventListener.apply(client.signal, args);
  };
  const driver = busyDriver();
  const stream = streams.openFollowed({ request: client, driver });
  await settled();
  assertEquals(listeners, 0);
  driver.unanswered = 1;
  stream.connection.listenForAbort();
  assertEquals(listeners, 1);
  stream.connection.close("disconnected");
  stream.connection.listenForAbort();
  assertEquals(listeners, 0);
});

Deno.test("layer 2: a write that throws ends the stream", async () => {
  using streams = new Streams();
  const driver = busyDriver(1);
  const stream = streams.openFollowed({ driver });
  await settled();
  using _broken = breakWrites();
  assertEquals(stream.connection.sendRaw(bytes(1)), false);
  assertEnded(streams, stream, driver, "write_failed");
});

Deno.test("layer 2: on a silent stream the next ping finds out, and does not count as sent", async () => {
  const pings: number[] = [];
  using streams = new Streams({}, {
    emit: createEmit([{ pinged: (latenessMs) => void pings.push(latenessMs) }]),
  });
  const driver = busyDriver(1);
  const stream = streams.openFollowed({ driver });
  await settled();
  using _broken = breakWrites();
  await streams.time.advance(INTERVAL);
  assertEnded(streams, stream, driver, "write_failed");
  assertEquals([stream.connection.pingCount, pings], [0, []]);
});

Deno.test("layer 3: a reader that stops fails three pings, then the stream ends", async () => {
  using log = new CapturedLog();
  using streams = new Streams();
  const driver = busyDriver(1);
  const stream = streams.open({ driver });
  const { id } = stream.connection;
  await streams.time.advance(3 * INTERVAL);
  assertEnded(streams, stream, driver, "ping_failed");
  assertEquals(stream.connection.pingCount, 0);
  assertEquals(streams.pings.failed, 3);
  assertEquals(
    log.of("Ping failed").map(({ level, fields }) => ({ level, ...fields })),
    [1, 2, 3].map((failures) => ({
      level: "WARNING",
      connection_id: shortId(id),
      consecutive_failures: failures,
    })),
  );
  assertEquals(
    log.of("Max consecutive failures reached, closing connection").map(({ fields }) => fields),
    [{ connection_id: shortId(id), failures: 3 }],
  );
});

Deno.test("layer 3: two failed pings do not end the stream", async () => {
  using streams = new Streams();
  const stream = streams.open();
  await streams.time.advance(2 * INTERVAL);
  assertEquals([stream.connection.state, stream.connection.failedPings], ["open", 2]);
});

Deno.test("layer 3: as many failures in a row as the setting says end the stream", async () => {
  using streams = new Streams({ MCP_MAX_PING_FAILURES: 1 });
  const stream = streams.open();
  await streams.time.advance(INTERVAL);
  assertEquals(stream.reason, "ping_failed");
});

Deno.test("layer 3: a reader that takes everything resets the count", async () => {
  using streams = new Streams();
  const stream = streams.open();
  await streams.time.advance(2 * INTERVAL);
  assertEquals(stream.connection.failedPings, 2);
  void stream.follow();
  await streams.time.advance(INTERVAL);
  assertEquals([stream.connection.failedPings, stream.connection.pingCount], [0, 1]);
});

Deno.test("layer 3: a slow reader that takes something between two pings is left alone", async () => {
  using streams = new Streams();
  const stream = streams.open();
  for (let sent = 0; sent < 20; sent++) stream.connection.sendRaw(bytes(10));
  for (let beat = 0; beat < 15; beat++) {
    await stream.read();
    await streams.time.advance(INTERVAL);
    assertEquals([stream.connection.state, stream.connection.failedPings], ["open", 0]);
  }
  assertEquals(stream.connection.pingCount, 0);
});

Deno.test("layer 3: failures that are not in a row do not add up", async () => {
  using streams = new Streams();
  const stream = streams.open();
  for (let sent = 0; sent < 20; sent++) stream.connection.sendRaw(bytes(10));
  for (let round = 0; round < 4; round++) {
    await streams.time.advance(2 * INTERVAL);
    assertEquals(stream.connection.failedPings, 2);
    await stream.read();
    await streams.time.advance(INTERVAL);
    assertEquals(stream.connection.failedPings, 0);
  }
});

Deno.test("layer 3: a slow reader that takes a large frame piece by piece is left alone", async () => {
  using streams = new Streams({
    MCP_MAX_QUEUED_BYTES: 1_000_000,
    MCP_MAX_TOTAL_QUEUED_BYTES: 2_000_000,
  });
  const stream = streams.open();
  stream.connection.sendRaw(bytes(500_000));
  await stream.read();
  for (let piece = 0; piece < 7; piece++) {
    assert(await stream.read() !== undefined);
    await streams.time.advance(INTERVAL, 1_000);
    assertEquals([stream.connection.failedPings, stream.reason], [0, undefined]);
  }
});

/** How long a reader may take nothing while more waits than should, and a tick (ms). */
const PATIENCE = 5_025;

Deno.test("layer 4: a reader that takes nothing while more waits than should is cut off", async () => {
  using streams = new Streams();
  const driver = busyDriver(1);
  const stream = streams.open({ driver });
  const room = LIMITS.MCP_MAX_QUEUED_BYTES - stream.connection.queuedBytes;
  assert(stream.connection.sendRaw(bytes(room)));
  assertEquals(stream.connection.queuedBytes, LIMITS.MCP_MAX_QUEUED_BYTES);
  await streams.time.advance(PATIENCE);
  assertEquals(stream.connection.state, "open");
  assert(stream.connection.sendRaw(bytes(1)));
  await streams.time.advance(PATIENCE - 50);
  assertEquals(stream.connection.state, "open");
  await streams.time.advance(50);
  assertEnded(streams, stream, driver, "queue_full");
  // Waiting bytes are dropped at once, not kept for a reader that does not read.
  await stream.follow();
  assertEquals(stream.text, "<cut: queue_full>");
});

Deno.test("layer 4: a reader that keeps up may be sent any amount", async () => {
  using streams = new Streams();
  const stream = streams.openFollowed();
  for (let sent = 0; sent < 50; sent++) {
    await settled();
    assert(stream.connection.sendRaw(bytes(LIMITS.MCP_MAX_QUEUED_BYTES)));
  }
  await settled();
  assertEquals(stream.connection.sentBytes, 50 * LIMITS.MCP_MAX_QUEUED_BYTES + "first\n".length);
});

Deno.test("layer 4: a reader that goes on taking gets all of what is more than should wait", async () => {
  using streams = new Streams({
    MCP_MAX_TOTAL_QUEUED_BYTES: 10_000_000,
    MCP_PING_INTERVAL_MS: 1e9,
  });
  const stream = streams.open();
  await stream.read();
  for (let sent = 0; sent < 4; sent++) stream.connection.sendResponse(bytes(200_000));
  for (let taken = 0; taken < 800_000;) {
    taken += (await stream.read())!.length;
    await streams.time.advance(4_900, 100);
  }
  await streams.time.advance(PATIENCE);
  assertEquals([stream.connection.state, stream.connection.queuedBytes], ["open", 0]);
  assert(streams.addsUp());
});

Deno.test("layer 4: a reader that was far behind already is sent no more", async () => {
  using streams = new Streams({ MCP_MAX_TOTAL_QUEUED_BYTES: 40_000 });
  const driver = busyDriver(1);
  const stream = streams.open({ driver });
  assert(stream.connection.sendRaw(bytes(9_990)));
  assert(stream.connection.sendRaw(bytes(9_990)));
  assertEquals(stream.connection.sendRaw(bytes(1)), false);
  assertEnded(streams, stream, driver, "queue_full");
  await settled();
});

Deno.test("layer 3: bytes that a listener holds back for the network count as waiting", async () => {
  using streams = new Streams();
  const socket = { unsentBytes: 0 };
  const { connection } = streams.openFollowed({ socket });
  await streams.time.advance(INTERVAL);
  assertEquals([connection.pingCount, connection.queuedBytes], [1, 0]);
  connection.sendRaw(bytes(700));
  await settled();
  // That ping among them.
  socket.unsentBytes = 707;
  assertEquals(connection.queuedBytes, 707);
  await streams.time.advance(3 * INTERVAL);
  assertEquals([connection.reason, connection.pingCount], ["ping_failed", 1]);
  assert(streams.addsUp());
});

Deno.test("layer 4: they count for the limit of the queue", async () => {
  using streams = new Streams();
  const { connection } = streams.openFollowed({
    socket: { unsentBytes: LIMITS.MCP_MAX_QUEUED_BYTES + 1 },
  });
  await streams.time.advance(2 * PATIENCE);
  assertEquals([connection.reason, streams.addsUp()], ["queue_full", true]);
});
