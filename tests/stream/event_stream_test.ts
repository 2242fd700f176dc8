import { shortId } from "../../lib/base/ids.ts";
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { CallAborted } from "../../lib/base/errors.ts";
import { CLOSE_REASONS } from "../../lib/stream/close_reason.ts";
import { NO_SOCKET } from "../../lib/stream/client.ts";
import type { StreamSnapshot } from "../../lib/stream/snapshot.ts";
import type { StreamHost } from "../../lib/stream/stream_host.ts";
import { StreamTimer } from "../../lib/stream/stream_timer.ts";
import { CapturedLog } from "../helpers/log.ts";
import { BARE, busyDriver, bytes, LIMITS, Streams } from "../helpers/streams.ts";
import { settled } from "../helpers/time.ts";

Deno.test("a stream's first bytes are there at once", async () => {
  using streams = new Streams();
  const stream = streams.open();
  assertEquals(stream.connection.state, "open");
  assertEquals(await stream.read(), "first\n");
});

Deno.test("`send()` gives the frames to the reader in order", async () => {
  using streams = new Streams();
  const stream = streams.open();
  assert(stream.connection.sendRaw(new TextEncoder().encode("second\n")));
  assert(stream.connection.sendRaw(new TextEncoder().encode("third\n")));
  assertEquals(
    [await stream.read(), await stream.read(), await stream.read()],
    ["first\n", "second\n", "third\n"],
  );
});

Deno.test("what the reader takes counts as sent, what waits as queued", async () => {
  using streams = new Streams();
  const stream = streams.open();
  stream.connection.sendRaw(bytes(100));
  await stream.read();
  assertEquals([stream.connection.sentBytes, stream.connection.queuedBytes], [6, 100]);
  await stream.read();
  assertEquals([stream.connection.sentBytes, stream.connection.queuedBytes], [106, 0]);
  assert(streams.addsUp());
});

Deno.test("`close()` sends the goodbye frame, then ends the stream", async () => {
  using streams = new Streams();
  const stream = streams.open();
  const followed = stream.follow();
  stream.connection.close("disconnected");
  await followed;
  assertEquals(stream.text, "first\nbye disconnected\n");
  assertEquals(stream.connection.state, "closed");
});

for (const reason of CLOSE_REASONS) {
  Deno.test(`\`close("${reason}")\` states that one reason in ledger, log and abort`, async () => {
    using log = new CapturedLog();
    using streams = new Streams();
    const driver = busyDriver(1);
    const stream = streams.openFollowed({ driver });
    await settled();
    stream.connection.close(reason);
    for (const other of CLOSE_REASONS) stream.connection.close(other);
    const { closed, open, opened } = streams.registry.ledger();
    assertEquals([opened, open, closed[reason]], [1, 0, 1]);
    assert(streams.addsUp());
    assertEquals(stream.reason, reason);
    assertEquals(driver.aborted.map((aborted) => aborted.reason), [reason]);
    assertInstanceOf(driver.aborted[0], CallAborted);
    for (const message of ["Forcing connection closure", "Connection forcefully closed"]) {
      assertEquals(log.of(message).map(({ fields }) => fields.reason), [reason]);
    }
  });
}

Deno.test("cleanup goes in order: goodbye, end of stream, registry, driver, log", async () => {
  const steps: string[] = [];
  using streams = new Streams();
  const look = (step: string, { id, state }: StreamSnapshot) => {
    const registered = streams.registry.get(id) !== undefined;
    const canSend = stream.connection.sendRaw(bytes(1));
    steps.push(`${step}: ${state}, ${registered ? "in" : "out"}, ${canSend}`);
  };
  const stream = streams.openFollowed({
    driver: {
      ...BARE,
      unanswered: 1,
      closingFrame: (reason, ending) => {
        look("goodbye", ending);
        return BARE.closingFrame(reason, ending);
      },
      onEnded: () => {
        look("abort", stream.connection);
        steps.push(`timers: ${streams.wheel.size}, adds up: ${streams.addsUp()}`);
      },
    },
  });
  await settled();
  using log = new CapturedLog();
  stream.connection.close("limit");
  steps.push(...log.messages());
  assertEquals(steps, [
    "goodbye: closing, in, false",
    "abort: closed, out, false",
    "timers: 0, adds up: true",
    "Forcing connection closure",
    "Connection forcefully closed",
  ]);
});

Deno.test("the log tells a stream's life in fixed words and fields", async () => {
  using log = new CapturedLog();
  using streams = new Streams();
  const stream = streams.openFollowed();
  const { id } = stream.connection;
  await streams.time.advance(31_000);
  stream.connection.close("completed");
  assertEquals(log.lines, [
    `[INFO] SSE Connection establishing {"connection_id":"${
      shortId(id)
    }","client_ip":"192.0.2.1",` +
    '"user_agent":"test","dialect":"plain"}',
    `[INFO] Forcing connection closure {"connection_id":"${shortId(id)}","reason":"completed"}`,
    `[INFO] Connection forcefully closed {"connection_id":"${shortId(id)}","reason":"completed",` +
    `"uptime":31,"ping_count":2,"bytes_sent":${"first\nping 1\nping 2\nbye completed\n".length}}`,
  ]);
});

Deno.test("nothing throws and nothing is sent after the end, whatever is called", async () => {
  using streams = new Streams();
  const driver = busyDriver(1);
  const stream = streams.openFollowed({ driver });
  const { connection } = stream;
  await settled();
  connection.close("disconnected");
  await settled();
  const before = { text: stream.text, ledger: streams.registry.ledger() };
  assertEquals(connection.sendRaw(bytes(10)), false);
  connection.cancel();
  connection.close("error");
  await streams.time.advance(60_000, 1_000);
  assertEquals(connection.queuedBytes, 0);
  assertEquals({ text: stream.text, ledger: streams.registry.ledger() }, before);
  assertEquals([driver.aborted.length, streams.wheel.size], [1, 0]);
});

Deno.test("a timer that is due after the end of its stream sends nothing and waits for nothing", async () => {
  using streams = new Streams();
  const stream = streams.openFollowed();
  const { connection } = stream;
  await streams.time.advance(LIMITS.MCP_PING_INTERVAL_MS);
  assertEquals(streams.pings.sent, 1);
  const host: Partial<StreamHost> = { limits: LIMITS, wheel: streams.wheel };
  const timer = new StreamTimer(connection, connection.openedAt, {
    driver: BARE,
    host: host as StreamHost,
    credential: undefined,
    pingIntervalMs: LIMITS.MCP_PING_INTERVAL_MS,
    pingSlot: 0,
  });
  connection.close("completed");
  await settled();
  const { text } = stream;
  timer.onDue(streams.wheel.now() + LIMITS.MCP_PING_INTERVAL_MS);
  timer.onDue(streams.wheel.now() + LIMITS.MCP_MAX_CONNECTION_MS);
  await settled();
  assertEquals([timer.pingCount, streams.pings.sent, streams.wheel.size], [0, 1, 0]);
  assertEquals([stream.text, stream.reason], [text, "completed"]);
});

Deno.test("a stream that ends while it is opened has told nobody, and counts as any other", async () => {
  using streams = new Streams({ MCP_MAX_TOTAL_QUEUED_BYTES: 10 });
  const driver = busyDriver(1);
  const { connection } = streams.open({ driver, request: { signal: AbortSignal.abort() } });
  assertEquals([connection.state, connection.reason], ["closed", "client_closed"]);
  const first = () => "more than all may hold";
  const origin = { client: connection.client, socket: NO_SOCKET, request: undefined };
  const full = streams.registry.open(origin, { driver: BARE, first });
  assertEquals([full.state, full.reason], ["closed", "queue_full"]);
  await settled();
  assertEquals([streams.registry.size, streams.wheel.size, streams.addsUp()], [0, 0, true]);
});

Deno.test("a dialect whose goodbye throws, or fails as the stream ends, stops no cleanup", async () => {
  using log = new CapturedLog();
  using streams = new Streams();
  const fail = () => {
    throw new Error("broken");
  };
  const stream = streams.openFollowed({
    driver: { ...BARE, unanswered: 1, closingFrame: fail, onEnded: fail },
  });
  await settled();
  stream.connection.close("drain");
  await settled();
  assertEquals([stream.text, streams.registry.size, streams.wheel.size], ["first\n", 0, 0]);
  assertEquals(log.of("Connection forcefully closed").length, 1);
});

Deno.test("who ends a stream while it is being ended changes nothing", async () => {
  using streams = new Streams();
  const stream = streams.openFollowed({
    driver: {
      ...BARE,
      unanswered: 1,
      closingFrame: (reason, ending) => {
        stream.connection.close("error");
        stream.connection.cancel();
        return BARE.closingFrame(reason, ending);
      },
      onEnded: () => stream.connection.close("completed"),
    },
  });
  await settled();
  stream.connection.close("superseded");
  await settled();
  assertEquals(stream.text, "first\nbye superseded\n");
  assertEquals([stream.reason, streams.addsUp()], ["superseded", true]);
});

Deno.test("a reader that is slow to take the last bytes still gets them, for 5 s", async () => {
  using streams = new Streams();
  const stream = streams.open();
  stream.connection.sendRaw(new TextEncoder().encode("result\n"));
  stream.connection.close("drain");
  await streams.time.advance(4_900);
  await stream.follow();
  assertEquals(stream.text, "first\nresult\nbye drain\n");
});

Deno.test("a reader that never takes the last bytes is cut off after 5 s", async () => {
  using streams = new Streams();
  const stream = streams.open();
  stream.connection.close("drain");
  assertEquals(streams.wheel.size, 1);
  await streams.time.advance(5_100);
  assertEquals(streams.wheel.size, 0);
  await stream.follow();
  assertEquals(stream.text, "<cut: drain>");
});

Deno.test("age and uptime run from the opening to the end", async () => {
  using streams = new Streams();
  await streams.time.advance(500);
  const { connection } = streams.openFollowed();
  await streams.time.advance(2_999);
  assertEquals([connection.ageMs, connection.uptime], [2_999, 2]);
  connection.close("completed");
  await streams.time.advance(5_000);
  assertEquals([connection.ageMs, connection.uptime], [2_999, 2]);
});
