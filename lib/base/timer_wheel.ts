/**
 * One timer for all heartbeats, deadlines and timeouts.
 *
 * Separate timers for 10,000 connections would each take a heap entry and wake the process. A
 * hashed wheel adds and removes in constant time, and arms a single timer for the next used slot.
 * Entries fire at their time or up to one tick later, never before.
 *
 * @module
 */
import { type Clock, monotonic } from "./clock.ts";

/** Access to the entries' private members, for the wheel only. */
interface EntryAccess {
  dueAt(entry: TimerEntry): number;
  setDueAt(entry: TimerEntry, at: number): void;
  /** Makes an entry the head of an empty ring. */
  makeRing(head: TimerEntry): void;
  /** The entry behind another. */
  next(entry: TimerEntry): TimerEntry | undefined;
  /** Links an entry into the ring, as the last one before `head`. */
  append(head: TimerEntry, entry: TimerEntry): void;
  unlink(entry: TimerEntry): void;
  /** Moves all entries of a ring behind those of another. There is at least one. */
  moveAll(from: TimerEntry, to: TimerEntry): void;
}

let access: EntryAccess;

/**
 * Something that can wait in a wheel, in one at a time. Entries are linked in rings and not kept in
 * sets: `slot_list.ts` says why.
 */
export abstract class TimerEntry {
  /** On the wheel's clock, in whole ms. */
  #dueAt = 0;
  /** Links of a ring; undefined while the entry is not scheduled. */
  #previous: TimerEntry | undefined;
  #next: TimerEntry | undefined;

  /** Whether it waits in a wheel. */
  get isScheduled(): boolean {
    return this.#next !== undefined;
  }

  /**
   * Called once when due; the entry has left the wheel by then and may be scheduled again.
   *
   * @param now the wheel's clock, in ms
   */
  abstract onDue(now: number): void;

  static {
    access = {
      dueAt: (entry) => entry.#dueAt,
      setDueAt: (entry, at) => void (entry.#dueAt = at),
      makeRing: (head) => void (head.#previous = head.#next = head),
      next: (entry) => entry.#next,
      append: (head, entry) => {
        const last = head.#previous!;
        entry.#previous = last;
        entry.#next = head;
        last.#next = entry;
        head.#previous = entry;
      },
      unlink: (entry) => {
        const previous = entry.#previous!;
        const next = entry.#next!;
        previous.#next = next;
        next.#previous = previous;
        entry.#previous = entry.#next = undefined;
      },
      moveAll: (from, to) => {
        const first = from.#next!;
        const last = from.#previous!;
        const before = to.#previous!;
        first.#previous = before;
        before.#next = first;
        last.#next = to;
        to.#previous = last;
        from.#previous = from.#next = from;
      },
    };
  }
}

/**
 * An entry that calls a function. An object that seldom waits makes one when it does: to be an entry
 * itself would cost each object the members of one. Perf: quick calls.
 */
export class Alarm extends TimerEntry {
  readonly #ring: () => void;

  constructor(ring: () => void) {
    super();
    this.#ring = ring;
  }

  onDue(): void {
    this.#ring();
  }
}

/** The source of the wheel's timer. */
export interface Timers {
  /** Calls `run` in `ms`, and returns what {@linkcode Timers.clear} takes. */
  set(run: () => void, ms: number): unknown;
  clear(timer: unknown): void;
}

/** The timers of the process. */
const PROCESS_TIMERS: Timers = {
  set: (run, ms) => setTimeout(run, ms),
  clear: (timer) => clearTimeout(timer as number),
};

/** Settings of a {@linkcode TimerWheel}. */
export interface TimerWheelOptions {
  /** Length of a slot in ms (25). */
  readonly tickMs?: number;
  /** Slots in a turn (1024, at 25 ms a turn of 25 s); later entries wait for a further turn. */
  readonly slots?: number;
  readonly clock?: Clock;
  /** Those of the process, unless a test moves the time. */
  readonly timers?: Timers;
  /** Called with an entry's error; the wheel continues. */
  readonly onError?: (error: unknown) => void;
}

/** Many timers on one clock and one timer of the runtime. */
export class TimerWheel {
  readonly #tickMs: number;
  /** Each is made when an entry first waits in it. */
  readonly #slots: (Slot | undefined)[];
  /** Entries that are firing. */
  readonly #current = new Slot();
  readonly #clock: Clock;
  readonly #onError: (error: unknown) => void;
  #size = 0;
  /** The last tick that has fired. */
  #tick: number;
  readonly #timers: Timers;
  #timer: unknown;
  #armedTick = Infinity;

  constructor(options: TimerWheelOptions = {}) {
    this.#tickMs = options.tickMs ?? 25;
    this.#slots = new Array<Slot | undefined>(options.slots ?? 1024).fill(undefined);
    this.#clock = options.clock ?? monotonic;
    this.#timers = options.timers ?? PROCESS_TIMERS;
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
  schedule(entry: TimerEntry, delayMs: number): void {
    this.scheduleAt(entry, this.#clock() + Math.max(0, delayMs));
  }

  /**
   * Has `entry` called at a time; an entry that already waits is moved.
   *
   * @param at on the wheel's clock, in ms; when that has passed it fires with the next tick
   */
  scheduleAt(entry: TimerEntry, at: number): void {
    this.cancel(entry);
    if (this.#size === 0) this.#tick = Math.max(this.#tick, this.#tickOf(this.#clock()));
    const dueAt = Math.ceil(at);
    access.setDueAt(entry, dueAt);
    const tick = Math.max(this.#tick + 1, Math.ceil(dueAt / this.#tickMs));
    (this.#slots[tick % this.#slots.length] ??= new Slot()).add(entry);
    this.#size++;
    if (tick < this.#armedTick) this.#arm(tick, this.#clock());
  }

  /**
   * Takes `entry` out; harmless when it does not wait. The timer stays armed and finds nothing to
   * do: clearing and arming it for each request costs a fast one a quarter of its time.
   */
  cancel(entry: TimerEntry): void {
    if (!entry.isScheduled) return;
    access.unlink(entry);
    this.#size--;
  }

  /** Drops every entry and the timer. The wheel can be used again. */
  stop(): void {
    for (const slot of [this.#current, ...this.#slots]) while (slot?.take() !== undefined);
    this.#size = 0;
    this.#timers.clear(this.#timer);
    this.#armedTick = Infinity;
  }

  #tickOf(ms: number): number {
    return Math.floor(ms / this.#tickMs);
  }

  #arm(tick: number, now: number): void {
    this.#timers.clear(this.#timer);
    this.#armedTick = tick;
    this.#timer = this.#timers.set(
      this.#turn,
      Math.max(0, Math.ceil(tick * this.#tickMs - now)),
    );
  }

  readonly #turn = (): void => {
    this.#armedTick = Infinity;
    // Entries are due at whole milliseconds, so drop the fraction.
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
    // An entry that fires may schedule itself into this slot again, remove others, or stop the
    // wheel.
    const current = this.#current;
    slot.moveTo(current);
    for (let entry = current.take(); entry !== undefined; entry = current.take()) {
      if (access.dueAt(entry) > now) {
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

/** The entries of one slot in order of insertion: the head of a ring. */
class Slot extends TimerEntry {
  constructor() {
    super();
    access.makeRing(this);
  }

  get isEmpty(): boolean {
    return access.next(this) === this;
  }

  add(entry: TimerEntry): void {
    access.append(this, entry);
  }

  /** Takes out the first entry, if there is one. */
  take(): TimerEntry | undefined {
    const first = access.next(this)!;
    if (first === this) return undefined;
    access.unlink(first);
    return first;
  }

  /** Moves all entries behind those of another slot. There is at least one. */
  moveTo(other: Slot): void {
    access.moveAll(this, other);
  }

  /** A slot is never scheduled itself. */
  onDue(): void {}
}
