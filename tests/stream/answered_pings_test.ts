/** Layer 5: a client that can answer pings, and does no more. */
import { assert, assertEquals } from "@std/assert";
import type { PongState } from "../../lib/stream/heartbeat.ts";
import { CapturedLog } from "../helpers/log.ts";
import { busyDriver, bytes, LIMITS, Streams } from "../helpers/streams.ts";

const INTERVAL = LIMITS.MCP_PING_INTERVAL_MS;

/** A driver whose client answers as the test orders. */
function askedDriver(unanswered = 0) {
  return Object.assign(busyDriver(unanswered), {
    answer: "answered" as PongState,
    asked: 0,
    pingClient(): PongState {
      this.asked++;
      return this.answer;
    },
  });
}

Deno.test("layer 5: pings left unanswered as often in a row as the setting says lose the peer", async () => {
  using log = new CapturedLog();
  using streams = new Streams();
  const driver = askedDriver(1);
  const stream = streams.openFollowed({ driver });
  await streams.time.advance(2 * INTERVAL);
  driver.answer = "unanswered";
  await streams.time.advance(2 * INTERVAL);
  assertEquals([stream.connection.state, stream.connection.failedPings], ["open", 2]);
  await streams.time.advance(INTERVAL);
  assertEquals(stream.reason, "peer_lost");
  assertEquals(driver.aborted.map(({ reason }) => reason), ["peer_lost"]);
  assertEquals([streams.registry.size, streams.wheel.size], [0, 0]);
  assert(streams.addsUp());
  assertEquals(streams.pings, {
    ...streams.pings,
    sent: 5,
    failed: 3,
  });
  assertEquals(
    log.of("Ping failed").map(({ fields }) => fields.consecutive_failures),
    [1, 2, 3],
  );
});

Deno.test("layer 5: a lost peer gets no goodbye, and what waits for it is dropped", async () => {
  using streams = new Streams({ MCP_MAX_PING_FAILURES: 1 });
  const driver = askedDriver();
  driver.answer = "unanswered";
  const stream = streams.openFollowed({ driver });
  await streams.time.advance(INTERVAL);
  assertEquals(stream.text, "first\nping 1\n<cut: peer_lost>");
});

Deno.test("layer 5: one answer resets the count", async () => {
  using streams = new Streams();
  const driver = askedDriver();
  const stream = streams.openFollowed({ driver });
  for (let round = 0; round < 4; round++) {
    driver.answer = "unanswered";
    await streams.time.advance(2 * INTERVAL);
    assertEquals(stream.connection.failedPings, 2);
    driver.answer = "answered";
    await streams.time.advance(INTERVAL);
    assertEquals(stream.connection.failedPings, 0);
  }
});

Deno.test("layer 5: a client that never answered is not counted", async () => {
  using streams = new Streams({ MCP_MAX_PING_FAILURES: 1 });
  const driver = askedDriver();
  driver.answer = "unknown";
  const stream = streams.openFollowed({ driver });
  await streams.time.advance(10 * INTERVAL);
  assertEquals([stream.connection.state, driver.asked], ["open", 10]);
});

Deno.test("layers 3 and 5 count together, and the last failure names the reason", async () => {
  using streams = new Streams();
  const driver = askedDriver();
  const stream = streams.open({ driver });
  driver.answer = "unanswered";
  await streams.time.advance(2 * INTERVAL);
  assertEquals([stream.connection.failedPings, driver.asked], [2, 0]);
  await stream.read();
  await streams.time.advance(INTERVAL);
  assertEquals([stream.reason, driver.asked], ["peer_lost", 1]);
});

Deno.test("layer 5: a slow reader that goes on reading is asked nothing", async () => {
  using streams = new Streams({ MCP_MAX_PING_FAILURES: 1 });
  const driver = askedDriver();
  driver.answer = "unanswered";
  const stream = streams.open({ driver });
  for (let sent = 0; sent < 10; sent++) stream.connection.sendRaw(bytes(10));
  for (let beat = 0; beat < 5; beat++) {
    await stream.read();
    await streams.time.advance(INTERVAL);
    assertEquals([stream.connection.state, driver.asked], ["open", 0]);
  }
});
