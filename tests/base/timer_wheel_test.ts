import { assert, assertEquals, assertGreaterOrEqual, assertLessOrEqual } from "@std/assert";
import fc from "../deps/fast_check.ts";
import { TimerEntry, TimerWheel } from "../../lib/base/timer_wheel.ts";
import { FakeTime } from "../helpers/time.ts";

/** An entry that notes when it fired. */
class Alarm extends TimerEntry {
  readonly firedAt: number[] = [];
  readonly #then: ((now: number) => void) | undefined;

  constructor(then?: (now: number) => void) {
    super();
    this.#then = then;
  }

  onDue(now: number): void {
    this.firedAt.push(now);
    this.#then?.(now);
  }
}

/** How many timers are armed on the fake time; each is counted by replacing the global. */
function countTimers(): { readonly armed: number } & Disposable {
  const { setTimeout: set, clearTimeout: clear } = globalThis;
  const armed = new Set<unknown>();
  globalThis.setTimeout = ((callback: () => void, ms?: number) => {
    const id: unknown = set(() => {
      armed.delete(id);
      callback();
    }, ms);
    armed.add(id);
    return id;
  }) as typeof setTimeout;
  globalThis.clearTimeout = ((id?: number) => {
    armed.delete(id);
    clear(id);
  }) as typeof clearTimeout;
  return {
    get armed() {
      return armed.size;
    },
    [Symbol.dispose]() {
      globalThis.setTimeout = set;
      globalThis.clearTimeout = clear;
    },
  };
}

Deno.test("`schedule()` fires at the time given or up to one tick later, and once", async () => {
  using time = new FakeTime();
  const wheel = new TimerWheel({ clock: time.clock });
  const alarm = new Alarm();
  wheel.schedule(alarm, 110);
  await time.advance(109, 1);
  assertEquals(alarm.firedAt, []);
  await time.advance(1_000, 1);
  assertEquals(alarm.firedAt, [125]);
  assertEquals(wheel.size, 0);
});

Deno.test("`schedule()` fires entries in the order of their ticks, whatever the order of adding", async () => {
  using time = new FakeTime();
  const wheel = new TimerWheel({ clock: time.clock });
  const fired: number[] = [];
  for (const delay of [300, 100, 200, 50, 250]) {
    wheel.schedule(new Alarm(() => fired.push(delay)), delay);
  }
  await time.advance(400);
  assertEquals(fired, [50, 100, 200, 250, 300]);
});

Deno.test("`schedule()` keeps a delay of several turns of the wheel", async () => {
  using time = new FakeTime();
  const wheel = new TimerWheel({ clock: time.clock, tickMs: 10, slots: 8 });
  const alarm = new Alarm();
  wheel.schedule(alarm, 1_005);
  await time.advance(1_004, 1);
  assertEquals(alarm.firedAt, []);
  await time.advance(6, 1);
  assertEquals(alarm.firedAt, [1_010]);
});

Deno.test("`schedule()` moves an entry that already waits", async () => {
  using time = new FakeTime();
  const wheel = new TimerWheel({ clock: time.clock });
  const alarm = new Alarm();
  wheel.schedule(alarm, 1_000);
  wheel.schedule(alarm, 100);
  assertEquals(wheel.size, 1);
  await time.advance(2_000);
  assertEquals(alarm.firedAt, [100]);
});

Deno.test("`schedule()` with a delay of 0 or less fires with the next tick, not at once", async () => {
  using time = new FakeTime();
  const wheel = new TimerWheel({ clock: time.clock });
  const now = new Alarm();
  const past = new Alarm();
  wheel.schedule(now, 0);
  wheel.schedule(past, -500);
  assertEquals([...now.firedAt, ...past.firedAt], []);
  await time.advance(25, 1);
  assertEquals([...now.firedAt, ...past.firedAt], [25, 25]);
});

Deno.test("`onDue()` may schedule its entry again", async () => {
  using time = new FakeTime();
  const wheel = new TimerWheel({ clock: time.clock, tickMs: 10, slots: 4 });
  const alarm: Alarm = new Alarm(() => {
    if (alarm.firedAt.length < 4) wheel.schedule(alarm, 40);
  });
  wheel.schedule(alarm, 40);
  await time.advance(1_000, 5);
  assertEquals(alarm.firedAt, [40, 80, 120, 160]);
});

Deno.test("`onDue()` may cancel an entry that is due in the same tick", async () => {
  using time = new FakeTime();
  const wheel = new TimerWheel({ clock: time.clock });
  const second = new Alarm();
  const first = new Alarm(() => wheel.cancel(second));
  wheel.schedule(first, 50);
  wheel.schedule(second, 50);
  await time.advance(500);
  assertEquals([first.firedAt, second.firedAt], [[50], []]);
  assertEquals(wheel.size, 0);
});

Deno.test("`cancel()` takes an entry out, and is harmless when it does not wait", async () => {
  using time = new FakeTime();
  const wheel = new TimerWheel({ clock: time.clock });
  const alarm = new Alarm();
  wheel.cancel(alarm);
  wheel.schedule(alarm, 100);
  wheel.cancel(alarm);
  wheel.cancel(alarm);
  await time.advance(1_000);
  assertEquals(alarm.firedAt, []);
  assertEquals(wheel.size, 0);
});

Deno.test("an entry that throws is told to onError and stops no other", async () => {
  using time = new FakeTime();
  const errors: unknown[] = [];
  const wheel = new TimerWheel({ clock: time.clock, onError: (error) => errors.push(error) });
  const fault = new Error("broken entry");
  const before = new Alarm();
  const after = new Alarm();
  wheel.schedule(before, 50);
  wheel.schedule(
    new Alarm(() => {
      throw fault;
    }),
    50,
  );
  wheel.schedule(after, 50);
  await time.advance(100);
  assertEquals(errors, [fault]);
  assertEquals([before.firedAt, after.firedAt], [[50], [50]]);
});

Deno.test("a wheel has one timer for all its entries, and none when all have fired", async () => {
  using time = new FakeTime();
  using timers = countTimers();
  const wheel = new TimerWheel({ clock: time.clock });
  const alarms = Array.from({ length: 100 }, () => new Alarm());
  assertEquals(timers.armed, 0);
  alarms.forEach((alarm, index) => wheel.schedule(alarm, 1_000 - index * 7));
  assertEquals(timers.armed, 1);
  await time.advance(600);
  assertEquals(timers.armed, 1);
  await time.advance(600);
  assertEquals([wheel.size, timers.armed], [0, 0]);
});

Deno.test("the timer of a wheel whose last entry was cancelled turns once and arms no other", async () => {
  using time = new FakeTime();
  using timers = countTimers();
  const wheel = new TimerWheel({ clock: time.clock });
  const alarm = new Alarm();
  // Like consecutive requests: each has a deadline, and none reaches it.
  for (let request = 0; request < 10; request++) {
    wheel.schedule(alarm, 5_000);
    wheel.cancel(alarm);
    await time.advance(100);
  }
  assertEquals([wheel.size, timers.armed], [0, 1]);
  await time.advance(5_000);
  assertEquals([wheel.size, timers.armed, alarm.firedAt.length], [0, 0, 0]);
});

Deno.test("`stop()` drops every entry and the timer, and the wheel can be used again", async () => {
  using time = new FakeTime();
  using timers = countTimers();
  const wheel = new TimerWheel({ clock: time.clock });
  const dropped = new Alarm();
  wheel.schedule(dropped, 100);
  wheel.stop();
  assertEquals([wheel.size, timers.armed], [0, 0]);
  await time.advance(1_000);
  const later = new Alarm();
  wheel.schedule(later, 100);
  wheel.schedule(dropped, 200);
  await time.advance(1_000);
  assertEquals([later.firedAt, dropped.firedAt], [[1_100], [1_200]]);
});

Deno.test("after a stop of the process longer than a turn everything overdue fires once", async () => {
  using time = new FakeTime();
  const wheel = new TimerWheel({ clock: time.clock, tickMs: 10, slots: 8 });
  const alarms = [15, 45, 79, 80, 95, 400].map((delay) => {
    const alarm = new Alarm();
    wheel.schedule(alarm, delay);
    return alarm;
  });
  const later = new Alarm();
  wheel.schedule(later, 2_000);
  await time.leap(1_000);
  for (const alarm of alarms) assertEquals(alarm.firedAt.length, 1);
  assertEquals(later.firedAt, []);
  await time.advance(1_000);
  assertEquals(later.firedAt, [2_000]);
});

Deno.test("an entry that stops the wheel keeps from firing what was due with it", async () => {
  using time = new FakeTime();
  const wheel = new TimerWheel({ clock: time.clock, tickMs: 10 });
  const fired: string[] = [];
  const first = new Alarm(() => {
    fired.push("first");
    wheel.stop();
  });
  const second = new Alarm(() => fired.push("second"));
  wheel.schedule(first, 10);
  wheel.schedule(second, 10);
  await time.advance(100);
  assertEquals([fired, wheel.size], [["first"], 0]);
  wheel.schedule(second, 10);
  await time.advance(100);
  assertEquals([fired, wheel.size], [["first", "second"], 0]);
});

Deno.test("10,000 entries are added and removed again without a trace", async () => {
  using time = new FakeTime();
  const wheel = new TimerWheel({ clock: time.clock });
  const alarms = Array.from({ length: 10_000 }, () => new Alarm());
  alarms.forEach((alarm, index) => wheel.schedule(alarm, index * 13));
  assertEquals(wheel.size, 10_000);
  for (const alarm of alarms) wheel.cancel(alarm);
  assertEquals(wheel.size, 0);
  await time.advance(200_000, 1_000);
  assert(alarms.every((alarm) => alarm.firedAt.length === 0));
});

type Step =
  | { readonly kind: "schedule"; readonly entry: number; readonly delay: number }
  | { readonly kind: "cancel"; readonly entry: number }
  | { readonly kind: "advance"; readonly ms: number };

const entry = fc.nat({ max: 7 });
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constant("schedule" as const),
      entry,
      delay: fc.integer({ min: -10, max: 900 }),
    }),
    fc.record({ kind: fc.constant("cancel" as const), entry }),
    fc.record({ kind: fc.constant("advance" as const), ms: fc.integer({ min: 1, max: 300 }) }),
  ),
  { maxLength: 60 },
);

Deno.test("property: a wheel fires what a naive list of deadlines fires, never early", async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.integer({ min: 2, max: 16 }), async (plan, slots) => {
      using time = new FakeTime();
      const tickMs = 10;
      const wheel = new TimerWheel({ clock: time.clock, tickMs, slots });
      const expected = new Map<number, number>();
      const alarms = Array.from({ length: 8 }, (_, index) =>
        new Alarm((now) => {
          const due = expected.get(index);
          assert(due !== undefined, "fired though nothing was expected");
          assertGreaterOrEqual(now, due);
          assertLessOrEqual(now, due + tickMs);
          expected.delete(index);
        }));
      for (const step of plan) {
        if (step.kind === "advance") {
          await time.advance(step.ms, 1);
          for (const due of expected.values()) assertGreaterOrEqual(due + tickMs, time.now);
          continue;
        }
        const alarm = alarms[step.entry]!;
        if (step.kind === "cancel") {
          wheel.cancel(alarm);
          expected.delete(step.entry);
        } else {
          wheel.schedule(alarm, step.delay);
          expected.set(step.entry, time.now + Math.max(0, step.delay));
        }
        assertEquals(wheel.size, expected.size);
      }
      await time.advance(1_000, 10);
      assertEquals([wheel.size, expected.size], [0, 0]);
    }),
    { numRuns: 60 },
  );
});
