/** The timers that a wheel asks of its process: as few as can be, and none too early. */
import { assertEquals } from "@std/assert";
import { Alarm, type Timers, TimerWheel } from "../../lib/base/timer_wheel.ts";

/** A wheel on a clock and timers that a test moves by hand. */
class Bench implements Timers {
  now = 0;
  /** What the wheel asked for, in order: the ms of a timer, or `clear`. */
  readonly asked: (number | "clear")[] = [];
  readonly rung: string[] = [];
  #run: (() => void) | undefined;
  readonly wheel: TimerWheel;

  constructor(slots = 8) {
    this.wheel = new TimerWheel({ tickMs: 10, slots, clock: () => this.now, timers: this });
  }

  set(run: () => void, ms: number): unknown {
    this.asked.push(ms);
    this.#run = run;
    return run;
  }

  clear(timer: unknown): void {
    if (timer !== undefined && timer === this.#run) {
      this.asked.push("clear");
      this.#run = undefined;
    }
  }

  alarm(name: string): Alarm {
    return new Alarm(() => void this.rung.push(name));
  }

  /** Lets the armed timer ring at a time. */
  ringAt(now: number): void {
    this.now = now;
    const run = this.#run;
    this.#run = undefined;
    run?.();
  }

  /** What was asked for since the last time. */
  takeAsked(): (number | "clear")[] {
    return this.asked.splice(0);
  }
}

Deno.test("a wheel arms one timer for its next used slot, and another only for an earlier one", () => {
  const bench = new Bench();
  bench.now = 3.5;
  bench.wheel.schedule(bench.alarm("a"), 31);
  assertEquals(bench.takeAsked(), [37], "at 40, the first tick that is not before 34.5");
  bench.wheel.schedule(bench.alarm("b"), 36);
  bench.wheel.schedule(bench.alarm("c"), 60);
  assertEquals(bench.takeAsked(), []);
  bench.wheel.schedule(bench.alarm("d"), 11);
  assertEquals(bench.takeAsked(), ["clear", 17]);
  bench.ringAt(20);
  assertEquals([bench.rung, bench.takeAsked()], [["d"], [20]]);
  bench.ringAt(41);
  assertEquals([bench.rung, bench.takeAsked()], [["d", "a", "b"], [29]]);
  bench.ringAt(70);
  assertEquals([bench.rung, bench.takeAsked()], [["d", "a", "b", "c"], []]);
});

Deno.test("an entry of a later turn waits through this one, without a timer of the same slot twice", () => {
  const bench = new Bench();
  bench.wheel.schedule(bench.alarm("later"), 110);
  bench.wheel.schedule(bench.alarm("soon"), 30);
  assertEquals(bench.takeAsked(), [110, "clear", 30]);
  bench.ringAt(30);
  assertEquals([bench.rung, bench.takeAsked(), bench.wheel.size], [["soon"], [80], 1]);
  bench.ringAt(110);
  assertEquals([bench.rung, bench.wheel.size], [["soon", "later"], 0]);
});

Deno.test("a timer that rings too early fires nothing, and is armed again for the rest", () => {
  const bench = new Bench();
  bench.wheel.schedule(bench.alarm("a"), 30);
  bench.takeAsked();
  bench.ringAt(29.9);
  assertEquals([bench.rung.length, bench.takeAsked()], [0, [1]]);
  bench.ringAt(30);
  assertEquals(bench.rung, ["a"]);
});

Deno.test("a clock that is past a slot by the time it is armed makes a timer of 0 ms", () => {
  const bench = new Bench();
  const late = new Alarm(() => {
    bench.rung.push("late");
    bench.now = 100;
  });
  bench.wheel.schedule(late, 10);
  bench.wheel.schedule(bench.alarm("next"), 20);
  bench.takeAsked();
  bench.ringAt(10);
  assertEquals([bench.rung, bench.takeAsked()], [["late"], [0]]);
});

Deno.test("a wheel that was empty for a while counts from now", () => {
  const bench = new Bench();
  bench.now = 5_000;
  bench.wheel.schedule(bench.alarm("a"), 0);
  assertEquals(bench.takeAsked(), [10]);
  bench.ringAt(5_010);
  assertEquals(bench.rung, ["a"]);
});

Deno.test("an entry at a time that has passed fires with the next tick", () => {
  const bench = new Bench();
  bench.now = 100;
  bench.wheel.scheduleAt(bench.alarm("a"), 20);
  assertEquals(bench.takeAsked(), [10]);
  bench.ringAt(110);
  assertEquals(bench.rung, ["a"]);
});

Deno.test("after a stop of the process everything overdue fires, in the order of the slots", () => {
  const bench = new Bench(4);
  for (const ms of [10, 20, 30, 40, 50, 400]) bench.wheel.schedule(bench.alarm(`${ms}`), ms);
  bench.ringAt(200);
  assertEquals(bench.rung.toSorted(), ["10", "20", "30", "40", "50"]);
  assertEquals(bench.wheel.size, 1);
  bench.ringAt(400);
  assertEquals(bench.rung.at(-1), "400");
});

Deno.test("`stop()` clears the timer, and the next entry arms one of its own", () => {
  const bench = new Bench();
  const alarm = bench.alarm("a");
  bench.wheel.schedule(alarm, 30);
  bench.wheel.stop();
  assertEquals([bench.takeAsked(), bench.wheel.size, alarm.isScheduled], [[30, "clear"], 0, false]);
  bench.wheel.schedule(alarm, 50);
  assertEquals([bench.takeAsked(), bench.wheel.size, alarm.isScheduled], [[50], 1, true]);
});

Deno.test("a clock that goes back makes no entry fire early or twice", () => {
  const bench = new Bench();
  bench.wheel.schedule(bench.alarm("a"), 50);
  bench.ringAt(30);
  bench.ringAt(20);
  assertEquals(bench.rung, []);
  bench.ringAt(50);
  bench.wheel.schedule(bench.alarm("b"), 20);
  bench.ringAt(40);
  assertEquals(bench.rung, ["a"]);
  bench.ringAt(70);
  assertEquals(bench.rung, ["a", "b"]);
});

Deno.test("what an entry throws goes to nobody unless somebody wants it, and the wheel goes on", () => {
  const bench = new Bench();
  const fault = new Alarm(() => {
    throw new Error("no");
  });
  bench.wheel.schedule(fault, 10);
  bench.wheel.schedule(bench.alarm("a"), 10);
  bench.ringAt(10);
  assertEquals([bench.rung, bench.wheel.size], [["a"], 0]);
});

Deno.test("an entry without a delay fires with the very next tick, however near that is", () => {
  const bench = new Bench();
  bench.now = 9.5;
  bench.wheel.schedule(bench.alarm("now"), 0);
  bench.wheel.schedule(bench.alarm("past"), -3);
  assertEquals(bench.takeAsked(), [1]);
  bench.ringAt(10);
  assertEquals(bench.rung, ["now", "past"]);
});
