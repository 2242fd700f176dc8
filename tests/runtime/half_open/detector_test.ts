import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import fc from "../../deps/fast_check.ts";
import { HalfOpenDetector, type SocketSample } from "../../../lib/runtime/half_open/detector.ts";

const INTERVAL = 1_000;
const RTO = 200;

const look = (silentMs: number, peer = "a", isOwing = true): SocketSample => ({
  peer,
  hasUnacked: isOwing,
  silentMs,
  retransmitMs: RTO,
});

/** Watches one peer for a time; `at` returns the state that a check at that time shows. */
function watch(
  { firstAt, untilMs }: { firstAt: number; untilMs: number },
  at: (now: number) => SocketSample,
): { lostAt: number | undefined; looks: number } {
  const peers = new HalfOpenDetector(INTERVAL);
  let looks = 0;
  for (let now = firstAt; now <= untilMs;) {
    looks++;
    const { lost, nextMs } = peers.evaluate([at(now)], now);
    if (lost.size > 0) return { lostAt: now, looks };
    now += nextMs;
  }
  return { lostAt: undefined, looks };
}

/**
 * A link between two times, as TCP sees it: a ping each interval, lost ones sent again after 200 ms,
 * 400 ms, and so on, nothing else while one is unacknowledged.
 */
function outage({ cutAt, mendedAt, pingAt }: { cutAt: number; mendedAt: number; pingAt: number }) {
  const isUp = (time: number) => time < cutAt || time >= mendedAt;
  const lastBefore = pingAt + Math.floor((cutAt - pingAt) / INTERVAL) * INTERVAL;
  const heardAt = lastBefore < cutAt ? lastBefore : lastBefore - INTERVAL;
  const firstLost = heardAt + INTERVAL;
  let resentAt = firstLost;
  let wait = RTO;
  while (!isUp(resentAt) && wait < 1e6) {
    resentAt += wait;
    wait *= 2;
  }
  const recoversAt = isUp(resentAt) ? resentAt : Infinity;
  return (now: number): SocketSample => {
    if (now >= firstLost && now < recoversAt) return look(now - heardAt);
    if (now < firstLost) {
      const beats = Math.floor((now - pingAt) / INTERVAL) * INTERVAL + pingAt;
      return look(Math.max(0, now - beats), "a", false);
    }
    return look(0, "a", false);
  };
}

const phases = fc.record({
  cutAt: fc.integer({ min: 5_000, max: 6_000 }),
  pingAt: fc.integer({ min: 0, max: 999 }),
  firstAt: fc.integer({ min: 0, max: 999 }),
});

Deno.test("a link that stays down is found within three heartbeats, a retransmission and a quarter", () => {
  fc.assert(fc.property(phases, ({ cutAt, pingAt, firstAt }) => {
    const at = outage({ cutAt, mendedAt: Infinity, pingAt });
    const { lostAt } = watch({ firstAt, untilMs: 20_000 }, at);
    assert(lostAt !== undefined);
    assert(lostAt >= cutAt + 2 * INTERVAL, "not before two heartbeats");
    assertLessOrEqual(lostAt, cutAt + 3 * INTERVAL + RTO + INTERVAL / 4);
  }));
});

Deno.test("a link that is down for one heartbeat is never taken for a dead one", () => {
  fc.assert(fc.property(phases, ({ cutAt, pingAt, firstAt }) => {
    const at = outage({ cutAt, mendedAt: cutAt + INTERVAL, pingAt });
    assertEquals(watch({ firstAt, untilMs: 20_000 }, at).lostAt, undefined);
  }));
});

Deno.test("while nobody is silent there is one look a heartbeat", () => {
  const peers = new HalfOpenDetector(INTERVAL);
  for (let beat = 1; beat < 10; beat++) {
    const looks = [look(999), look(5_000, "b", false), look(0, "c")];
    const { lost, nextMs } = peers.evaluate(looks, beat * INTERVAL);
    assertEquals([lost.size, nextMs, peers.size], [0, INTERVAL, 0]);
  }
});

Deno.test("while somebody is silent there are four at most", () => {
  const silent = Array.from({ length: 50 }, (_, index) => index * 20 + INTERVAL);
  const peers = new HalfOpenDetector(INTERVAL);
  let looks = 0;
  for (let now = 0; now < 4 * INTERVAL; looks++) {
    const { nextMs } = peers.evaluate(silent.map((ms, index) => look(ms + now, `${index}`)), now);
    now += nextMs;
  }
  assertLessOrEqual(looks, 16);
});

Deno.test("a process that was stopped loses nobody who acknowledges when it goes on", () => {
  const peers = new HalfOpenDetector(INTERVAL);
  const { lost, nextMs } = peers.evaluate([look(600_000)], 0);
  assertEquals(lost.size, 0);
  assertEquals(peers.evaluate([look(0, "a", false)], nextMs).lost.size, 0);
  assertEquals(peers.size, 0);
});

Deno.test("a process that was stopped finds who was lost meanwhile one heartbeat later", () => {
  const { lostAt } = watch({ firstAt: 0, untilMs: 10_000 }, (now) => look(600_000 + now));
  assert(lostAt !== undefined && lostAt >= INTERVAL && lostAt <= 1.25 * INTERVAL, `${lostAt}`);
});

Deno.test("all who are lost are named in one look", () => {
  const peers = new HalfOpenDetector(INTERVAL);
  const looks = (ms: number) => [look(ms, "a"), look(ms, "b"), look(0, "c")];
  peers.evaluate(looks(2_500), 0);
  assertEquals(peers.evaluate(looks(3_500), INTERVAL).lost, new Set(["a", "b"]));
  assertEquals(peers.size, 0);
});

Deno.test("however short the heartbeat, a tenth of a second lies between two looks", () => {
  assertEquals(new HalfOpenDetector(10).evaluate([look(150)], 0).nextMs, 100);
});
