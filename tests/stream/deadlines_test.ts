import {
  assert,
  assertEquals,
  assertGreater,
  assertGreaterOrEqual,
  assertLessOrEqual,
} from "@std/assert";
import { CLOSE_REASONS } from "../../lib/stream/close_reason.ts";
import { busyDriver, LIMITS, Streams } from "../helpers/streams.ts";
import { settled } from "../helpers/time.ts";

const MAX_AGE = 100_000;
const TICK = 25;

Deno.test("a stream that reaches its maximum age ends, between 80 and 100 % of it", async () => {
  using streams = new Streams({ MCP_MAX_CONNECTION_MS: MAX_AGE });
  const stream = streams.openFollowed();
  await streams.time.advance(0.8 * MAX_AGE - TICK);
  assertEquals(stream.connection.state, "open");
  await streams.time.advance(0.2 * MAX_AGE + 2 * TICK);
  assertEquals(stream.reason, "max_age");
  await settled();
  assert(stream.text.endsWith("bye max_age\n"));
});

Deno.test("streams opened together end spread over 80 to 100 % of the maximum age", async () => {
  using streams = new Streams({
    MCP_MAX_CONNECTION_MS: MAX_AGE,
    MCP_MAX_CONNECTIONS: 500,
    MCP_MAX_CONNECTIONS_PER_CLIENT: 500,
  });
  const endedAt: number[] = [];
  for (let index = 0; index < 500; index++) {
    const driver = busyDriver();
    driver.onEnded = () => void endedAt.push(streams.time.now);
    streams.openFollowed({ driver });
  }
  await streams.time.advance(MAX_AGE + TICK);
  assertEquals([endedAt.length, streams.registry.ledger().closed.max_age], [500, 500]);
  assertGreaterOrEqual(Math.min(...endedAt), 0.8 * MAX_AGE);
  assertLessOrEqual(Math.max(...endedAt), MAX_AGE + TICK);
  // Each fifth of the spread gets its share: 100 expected, 50 is more than five deviations off.
  for (let fifth = 0; fifth < 5; fifth++) {
    const from = (0.8 + fifth * 0.04) * MAX_AGE;
    const count = endedAt.filter((at) => at >= from && at < from + 0.04 * MAX_AGE + TICK).length;
    assertGreater(count, 50);
  }
});

Deno.test("maximum age never falls into a running call, and ends the stream soon after it", async () => {
  using streams = new Streams({ MCP_MAX_CONNECTION_MS: MAX_AGE });
  const driver = busyDriver(1);
  const stream = streams.openFollowed({ driver });
  await streams.time.advance(2 * MAX_AGE);
  assertEquals(stream.connection.state, "open");
  driver.unanswered = 0;
  await streams.time.advance(300);
  assertEquals(stream.reason, "max_age");
});

Deno.test("pings go on while a running call holds up the maximum age", async () => {
  using streams = new Streams({ MCP_MAX_CONNECTION_MS: MAX_AGE });
  const stream = streams.openFollowed({ driver: busyDriver(1) });
  await streams.time.advance(MAX_AGE);
  const before = stream.connection.pingCount;
  await streams.time.advance(10 * LIMITS.MCP_PING_INTERVAL_MS);
  assertEquals(stream.connection.pingCount, before + 10);
});

Deno.test("a call that never ends holds up the maximum age only for the time a call may take", async () => {
  using streams = new Streams({ MCP_MAX_CONNECTION_MS: MAX_AGE, MCP_REQUEST_TIMEOUT_MS: 50_000 });
  const driver = busyDriver(1);
  const stream = streams.openFollowed({ driver });
  await streams.time.advance(0.8 * MAX_AGE + 50_000 - TICK);
  assertEquals(stream.connection.state, "open");
  await streams.time.advance(0.2 * MAX_AGE + 300);
  assertEquals(stream.reason, "max_age");
  assertEquals(driver.aborted.map((aborted) => aborted.reason), ["max_age"]);
});

Deno.test("a reader that has stopped is found out before its stream grows old", async () => {
  using streams = new Streams({ MCP_MAX_CONNECTION_MS: MAX_AGE });
  const stream = streams.open();
  await streams.time.advance(MAX_AGE);
  assertEquals(stream.reason, "ping_failed");
});

Deno.test("a process that was stopped for an hour ends what grew too old, and goes on with the rest", async () => {
  using streams = new Streams({ MCP_MAX_CONNECTION_MS: 3_600_000 });
  const old = streams.openFollowed();
  await streams.time.advance(1_000);
  await streams.time.leap(3_600_000);
  assertEquals(old.reason, "max_age");
  const young = streams.openFollowed();
  await streams.time.advance(LIMITS.MCP_PING_INTERVAL_MS);
  assertEquals([young.connection.state, young.connection.pingCount], ["open", 1]);
});

Deno.test("of two enders exactly one gives the reason, whatever the order", async () => {
  const enders = CLOSE_REASONS.slice(0, 8);
  for (const first of enders) {
    for (const second of enders) {
      using streams = new Streams();
      const stream = streams.open();
      stream.connection.close(first);
      stream.connection.close(second);
      await settled();
      const { closed } = streams.registry.ledger();
      assertEquals(stream.reason, first);
      assertEquals(Object.values(closed).reduce((sum, count) => sum + count), 1);
      assertEquals(closed[first], 1);
    }
  }
});

Deno.test("maximum age and the third failed ping in one tick give one reason", async () => {
  for (let round = 0; round < 20; round++) {
    using streams = new Streams({ MCP_PING_INTERVAL_MS: 1_000, MCP_MAX_CONNECTION_MS: 3_000 });
    const driver = busyDriver();
    const stream = streams.open({ driver });
    await streams.time.leap(3_100);
    await streams.time.advance(3_000);
    assert(stream.reason === "max_age" || stream.reason === "ping_failed");
    assertEquals(driver.aborted.length, 1);
    assert(streams.addsUp());
  }
});

const TTL = 10_000;

/** A caller whose credential expires in `ms`. */
function expiringIn(ms: number) {
  return { identity: { principal: "ada", expiresAt: Date.now() + ms } };
}

Deno.test("a stream ends with its client's credential, and says why", async () => {
  using streams = new Streams({ MCP_MAX_CONNECTION_MS: MAX_AGE });
  const stream = streams.openFollowed(expiringIn(TTL));
  await streams.time.advance(TTL - TICK);
  assertEquals(stream.connection.state, "open");
  await streams.time.advance(2 * TICK);
  await settled();
  assertEquals(stream.reason, "auth_expired");
  assert(stream.text.endsWith("bye auth_expired\n"));
  assert(streams.addsUp());
});

Deno.test("the maximum age holds where the credential lasts longer", async () => {
  using streams = new Streams({ MCP_MAX_CONNECTION_MS: TTL });
  const stream = streams.openFollowed(expiringIn(MAX_AGE));
  await streams.time.advance(TTL + TICK);
  assertEquals(stream.reason, "max_age");
});

Deno.test("a later request with a newer credential moves the deadline, an older one does not", async () => {
  using streams = new Streams({ MCP_MAX_CONNECTION_MS: MAX_AGE });
  const { connection } = streams.openFollowed(expiringIn(TTL));
  const eve = { identity: { principal: "eve", expiresAt: Date.now() + TTL } };
  const other = streams.openFollowed(eve).connection;
  await streams.time.advance(TTL / 2);
  const { credentials } = streams.registry;
  credentials.renew(expiringIn(2 * TTL).identity);
  credentials.renew(expiringIn(1).identity);
  await streams.time.advance(TTL / 2 + 2 * TICK);
  assertEquals([connection.state, other.reason], ["open", "auth_expired"]);
  await streams.time.advance(2 * TTL);
  assertEquals(connection.reason, "auth_expired");
});

Deno.test("a later credential that never expires leaves the maximum age alone", async () => {
  using streams = new Streams({ MCP_MAX_CONNECTION_MS: MAX_AGE });
  const { connection } = streams.openFollowed(expiringIn(TTL));
  streams.registry.credentials.renew({ principal: "ada" });
  await streams.time.advance(2 * TTL);
  assertEquals(connection.state, "open");
  await streams.time.advance(MAX_AGE);
  assertEquals(connection.reason, "max_age");
});

Deno.test("a credential that has expired already ends its stream with the next tick", async () => {
  using streams = new Streams();
  const { connection } = streams.openFollowed(expiringIn(-1_000));
  await streams.time.advance(2 * TICK);
  assertEquals(connection.reason, "auth_expired");
});
