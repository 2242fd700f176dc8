/**
 * Measures the operations of a shared store: reports how long each took, and each failure.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import type { Emit, StoreOperation } from "../base/observer.ts";
import type { Bus, Directory, SharedEvents, SharedStore } from "../store/shared_store.ts";

/** Runs an operation and reports it. */
type Measure = <T>(operation: StoreOperation, run: () => Promise<T>) => Promise<T>;

/** Passes each operation on to a store and reports it. */
export class MeasuredStore implements SharedStore {
  readonly events: SharedEvents;
  readonly bus: Bus;
  readonly directory: Directory;
  readonly #store: SharedStore;

  constructor(store: SharedStore, emit: Emit, clock: Clock) {
    const measure: Measure = (operation, run) => {
      const from = clock();
      const result = run();
      result.then(
        () => emit("storeAsked", operation, clock() - from),
        () => emit("storeFailed", operation),
      );
      return result;
    };
    this.#store = store;
    this.events = measuredEvents(store.events, measure, emit);
    this.bus = measuredBus(store.bus, measure);
    this.directory = measuredDirectory(store.directory, measure);
  }

  get me(): string {
    return this.#store.me;
  }

  get leaseMs(): number {
    return this.#store.leaseMs;
  }

  get isUp(): boolean {
    return this.#store.isUp;
  }

  get onUp(): () => void {
    return this.#store.onUp;
  }

  set onUp(onUp: () => void) {
    this.#store.onUp = onUp;
  }

  now(): number {
    return this.#store.now();
  }

  start(): Promise<void> {
    return this.#store.start();
  }

  async check(): Promise<void> {
    await this.#store.check?.();
  }

  reset(why: string): void {
    this.#store.reset?.(why);
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}

function measuredEvents(events: SharedEvents, measure: Measure, emit: Emit): SharedEvents {
  return {
    append: async (...args) => {
      const appended = await measure("append", () => events.append(...args));
      if (appended === "refused") emit("appendRefused");
      return appended;
    },
    after: (...args) => measure("after", () => events.after(...args)),
    carry: (...args) => measure("carry", () => events.carry(...args)),
    forget: (...args) => measure("forget", () => events.forget(...args)),
  };
}

function measuredBus(bus: Bus, measure: Measure): Bus {
  return {
    send: (...args) => measure("send", () => bus.send(...args)),
    broadcast: (...args) => measure("shout", () => bus.broadcast(...args)),
    get onMessage() {
      return bus.onMessage;
    },
    set onMessage(onMessage) {
      bus.onMessage = onMessage;
    },
  };
}

function measuredDirectory(directory: Directory, measure: Measure): Directory {
  return {
    renew: () => measure("renew", () => directory.renew()),
    isAlive: (...args) => measure("is_alive", () => directory.isAlive(...args)),
    instances: () => measure("instances", () => directory.instances()),
    leave: () => measure("leave", () => directory.leave()),
    readSession: (...args) => measure("read_session", () => directory.readSession(...args)),
    writeSession: (...args) => measure("write_session", () => directory.writeSession(...args)),
    takeSession: (...args) => measure("take_session", () => directory.takeSession(...args)),
    claim: (...args) => measure("claim", () => directory.claim(...args)),
    release: (...args) => measure("release", () => directory.release(...args)),
  };
}
