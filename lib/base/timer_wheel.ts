/**
 * One timer for everything that is due later: heartbeats, deadlines, timeouts.
 *
 * A timer of its own for each of 10,000 connections would cost a heap entry each and wake the
 * process as often; a hashed wheel adds and removes in constant time and has a single timer armed
 * for the next slot in use. Entries fire at their time or up to one tick later, never before.
 *
 * @module
 */
import { type Clock, monotonic } from "./clock.ts";

/**
 * A link of a ring; undefined on both sides while it is in none. Rings and not sets: see what
 * `slot_list.ts` says of those.
 */
export interface Linked {
  before: Linked | undefined;
  behind: Linked | undefined;
}

/** Something that can wait in a wheel, in one at a time. All but `onDue()` belongs to the wheel. */
export interface Timed extends Linked {
  /** Called once when due; the entry has left the wheel by then and may be scheduled again. */
  onDue(now: number): void;
  /** When it is due, on the wheel's clock, in whole ms. */
  dueAt: number;
}

/** Settings of a {@linkcode TimerWheel}. */
export interface TimerWheelOptions {
  /** Length of a slot in ms (25). */
  readonly tickMs?: number;
  /** Slots in a turn (1024, at 25 ms a turn of 25 s); later entries wait for a further turn. */
  readonly slots?: number;
  readonly clock?: Clock;
  /** Told what an entry threw; the wheel goes on turning. */
  readonly onError?: (error: unknown) => void;
}

export class TimerWheel {
  readonly #tickMs: number;
  readonly #slots: Slot[];
  /** What is looked at now, as its ticks have come. */
  readonly #current = new Slot();
  readonly #clock: Clock;
  readonly #onError: (error: unknown) => void;
  #size = 0;
  /** The last tick whose entries have fired. */
  #tick: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #armedTick = Infinity;

  constructor(options: TimerWheelOptions = {}) {
    this.#tickMs = options.tickMs ?? 25;
    this.#slots = Array.from(
      { length: options.slots ?? 1024 },
      () => new Slot(),
    );
    this.#clock = options.clock ?? monotonic;
    this.#onError = options.onError ?? (() => {});
    this.#tick = this.#tickOf(this.#clock());
  }

  /** How many entries wait. */
  get size(): number {
    return this.#size;
  }

  /** The wheel's clock, in ms. */
  now(): number {
    return this.#clock();
  }

  /**
   * Has `entry` called in `delayMs`; an entry that already waits is moved.
   *
   * @param entry what to call
   * @param delayMs from now, in ms; below one tick it fires with the next tick
   */
  schedule(entry: Timed, delayMs: number): void {
    this.scheduleAt(entry, this.#clock() + Math.max(0, delayMs));
  }

  /**
   * Has `entry` called at a time; an entry that already waits is moved.
   *
   * @param at on the wheel's clock, in ms; when that has passed it fires with the next tick
   */
  scheduleAt(entry: Timed, at: number): void {
    this.cancel(entry);
    if (this.#size === 0) this.#tick = Math.max(this.#tick, this.#tickOf(this.#clock()));
    entry.dueAt = Math.ceil(at);
    const tick = Math.max(
      this.#tick + 1,
      Math.ceil(entry.dueAt / this.#tickMs),
    );
    this.#slots[tick % this.#slots.length]?.add(entry);
    this.#size++;
    if (tick < this.#armedTick) this.#arm(tick, this.#clock());
  }

  /**
   * Takes `entry` out; harmless when it does not wait. The timer stays armed and finds nothing to
   * do: clearing and arming it for each request costs a fast one a quarter of its time.
   */
  cancel(entry: Timed): void {
    if (entry.behind === undefined) return;
    unlink(entry);
    this.#size--;
  }

  /** Drops every entry and the timer. The wheel can be used again. */
  stop(): void {
    for (const slot of [this.#current, ...this.#slots]) while (slot.take() !== undefined);
    this.#size = 0;
    clearTimeout(this.#timer);
    this.#armedTick = Infinity;
  }

  #tickOf(ms: number): number {
    return Math.floor(ms / this.#tickMs);
  }

  #arm(tick: number, now: number): void {
    clearTimeout(this.#timer);
    this.#armedTick = tick;
    this.#timer = setTimeout(
      this.#turn,
      Math.max(0, Math.ceil(tick * this.#tickMs - now)),
    );
  }

  readonly #turn = (): void => {
    this.#armedTick = Infinity;
    // As entries are due at whole ms, so much of the clock tells as much.
    const now = Math.floor(this.#clock());
    const current = this.#tickOf(now);
    // After a long stop of the process one turn visits every slot; more would visit them again.
    const first = Math.max(this.#tick + 1, current - this.#slots.length + 1);
    this.#tick = Math.max(this.#tick, current);
    for (let tick = first; tick <= current; tick++) {
      this.#fire(this.#slots[tick % this.#slots.length], now);
    }
    if (this.#size > 0) this.#armNext();
  };

  #fire(slot: Slot | undefined, now: number): void {
    if (slot === undefined || slot.isEmpty) return;
    // What fires may schedule itself again into this very slot, take others out, or stop the wheel.
    const current = this.#current;
    slot.moveTo(current);
    for (let entry = current.take(); entry !== undefined; entry = current.take()) {
      if (entry.dueAt > now) {
        slot.add(entry);
        continue;
      }
      this.#size--;
      try {
        entry.onDue(now);
      } catch (error) {
        this.#onError(error);
      }
    }
  }

  #armNext(): void {
    const length = this.#slots.length;
    for (let tick = this.#tick + 1; tick <= this.#tick + length; tick++) {
      if (this.#slots[tick % length]?.isEmpty === false) {
        if (tick < this.#armedTick) this.#arm(tick, this.#clock());
        return;
      }
    }
  }
}

/** What waits for the same ticks, first come first served. */
class Slot implements Linked {
  before: Linked = this;
  behind: Linked = this;

  get isEmpty(): boolean {
    return this.behind === this;
  }

  add(entry: Timed): void {
    const last = this.before;
    entry.before = last;
    entry.behind = this;
    last.behind = entry;
    this.before = entry;
  }

  /** Takes out the first entry, if there is one. */
  take(): Timed | undefined {
    if (this.isEmpty) return undefined;
    const first = this.behind as Timed;
    unlink(first);
    return first;
  }

  /** Moves all entries behind those of another slot. There is one at least. */
  moveTo(other: Slot): void {
    const { before: last, behind: first } = this;
    first.before = other.before;
    other.before.behind = first;
    last.behind = other;
    other.before = last;
    this.before = this.behind = this;
  }
}

function unlink(entry: Linked): void {
  const { before, behind } = entry;
  if (before !== undefined) before.behind = behind;
  if (behind !== undefined) behind.before = before;
  entry.before = entry.behind = undefined;
}
