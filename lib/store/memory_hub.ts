/**
 * A store that instances in one process share, for tests of several instances without a database.
 *
 * @module
 */
import { randomId } from "../base/ids.ts";
import {
  type Appended,
  type Bus,
  type BusMessage,
  type CarriedLog,
  type Claim,
  type Directory,
  INSTANCE_DIGITS,
  type LogEntry,
  type LogTail,
  type SessionRecord,
  type SharedEvents,
  type SharedStore,
} from "./shared_store.ts";

/** The entries of one stream. */
interface Log {
  /** Number of the first entry. */
  readonly first: number;
  readonly entries: LogEntry[];
}

/** The state that the instances of one process share. `join()` makes the store of one instance. */
export class MemoryHub {
  readonly leaseMs: number;
  readonly #clock: () => number;
  readonly members = new Map<string, MemoryMember>();
  readonly logs = new Map<string, Log>();
  readonly carriers = new Map<string, string>();
  readonly sessions = new Map<string, SessionRecord>();
  readonly leases = new Map<string, number>();
  readonly claims = new Map<string, Omit<Claim, "isNew"> & { readonly until: number }>();

  /** @param clock monotonic ms, of leases */
  constructor(leaseMs: number = 5_000, clock: () => number = () => performance.now()) {
    this.leaseMs = leaseMs;
    this.#clock = clock;
  }

  /** The store of a new instance. */
  join(): MemoryMember {
    return new MemoryMember(this, randomId("").slice(0, INSTANCE_DIGITS));
  }

  now(): number {
    return this.#clock();
  }

  isAlive(instance: string): boolean {
    return (this.leases.get(instance) ?? -Infinity) > this.now();
  }

  /** Loses everything, like a store that is killed and comes back empty. */
  clear(): void {
    for (const map of [this.logs, this.carriers, this.sessions, this.leases, this.claims]) {
      map.clear();
    }
  }
}

/** One instance's view of a {@linkcode MemoryHub}. */
export class MemoryMember implements SharedStore, SharedEvents, Bus, Directory {
  readonly me: string;
  readonly #hub: MemoryHub;
  #isUp = false;
  onUp: () => void = () => {};
  onMessage: (message: unknown) => void = () => {};

  constructor(hub: MemoryHub, me: string) {
    this.#hub = hub;
    this.me = me;
  }

  get leaseMs(): number {
    return this.#hub.leaseMs;
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** Cuts this instance off from the store, or connects it again. */
  set isUp(isUp: boolean) {
    if (this.#isUp === isUp) return;
    this.#isUp = isUp;
    if (isUp) this.#hub.members.set(this.me, this);
    else this.#hub.members.delete(this.me);
    if (isUp) this.onUp();
  }

  get events(): SharedEvents {
    return this;
  }

  get bus(): Bus {
    return this;
  }

  get directory(): Directory {
    return this;
  }

  now(): number {
    return Date.now();
  }

  async start(): Promise<void> {
    await this.#turn();
    this.isUp = true;
  }

  close(): Promise<void> {
    this.isUp = false;
    return Promise.resolve();
  }

  async append(stream: string, seq: number, entries: readonly LogEntry[]): Promise<Appended> {
    await this.#connected();
    const { logs } = this.#hub;
    for (const [index, entry] of entries.entries()) {
      const number = seq + index;
      const log = logs.get(stream);
      const next = log === undefined ? number : log.first + log.entries.length;
      if (log !== undefined && number < next) {
        const kept = log.entries[number - log.first];
        if (kept !== undefined && !isSame(kept, entry)) return "refused";
      } else if (log?.entries.at(-1)?.isEnd) return "refused";
      else if (log === undefined || number > next) {
        logs.set(stream, { first: number, entries: [entry] });
      } else log.entries.push(entry);
    }
    const carrier = this.#hub.carriers.get(stream);
    if (carrier !== undefined) this.#post(carrier, { kind: "grown", stream });
    return "kept";
  }

  async after(stream: string, seq: number): Promise<LogTail | undefined> {
    await this.#connected();
    return this.#tail(stream, seq);
  }

  async carry(stream: string, seq: number, takes: boolean): Promise<CarriedLog> {
    await this.#connected();
    const { carriers } = this.#hub;
    const before = carriers.get(stream);
    if (before !== undefined && before !== this.me) {
      if (!takes) return { carrier: before, tail: undefined };
      this.#post(before, { kind: "taken", stream });
    }
    carriers.set(stream, this.me);
    return { carrier: this.me, tail: this.#tail(stream, seq) };
  }

  async forget(stream: string): Promise<void> {
    await this.#connected();
    this.#hub.logs.delete(stream);
    this.#hub.carriers.delete(stream);
  }

  async send(instance: string, message: BusMessage): Promise<void> {
    await this.#connected();
    this.#post(instance, message);
  }

  async broadcast(message: BusMessage): Promise<void> {
    await this.#connected();
    for (const instance of this.#hub.members.keys()) this.#post(instance, message);
  }

  async renew(): Promise<void> {
    await this.#connected();
    this.#hub.leases.set(this.me, this.#hub.now() + this.leaseMs);
  }

  async isAlive(instance: string): Promise<boolean> {
    await this.#connected();
    return this.#hub.isAlive(instance);
  }

  async instances(): Promise<readonly string[]> {
    await this.#connected();
    return [...this.#hub.leases.keys()].filter((instance) => this.#hub.isAlive(instance));
  }

  async leave(): Promise<void> {
    await this.#connected();
    this.#hub.leases.delete(this.me);
  }

  async readSession(key: string): Promise<SessionRecord> {
    await this.#connected();
    return this.#hub.sessions.get(key) ?? {};
  }

  async writeSession(key: string, changes: SessionRecord): Promise<void> {
    await this.#connected();
    const before = this.#hub.sessions.get(key) ?? {};
    this.#hub.sessions.set(key, { ...before, ...changes, ...changedParts(before, changes) });
  }

  async takeSession(key: string): Promise<SessionRecord> {
    await this.#connected();
    const before = this.#hub.sessions.get(key) ?? {};
    this.#hub.sessions.set(key, { ...before, carrier: this.me });
    return before;
  }

  async claim(key: string, note: string, lifeMs: number): Promise<Claim> {
    await this.#connected();
    const { claims } = this.#hub;
    const known = claims.get(key);
    if (known !== undefined && known.until > this.#hub.now()) {
      return { instance: known.instance, note: known.note, isNew: false };
    }
    const claim = { instance: this.me, note };
    claims.set(key, { ...claim, until: this.#hub.now() + lifeMs });
    return { ...claim, isNew: true };
  }

  async release(key: string): Promise<void> {
    await this.#connected();
    const { claims } = this.#hub;
    if (claims.get(key)?.instance === this.me) claims.delete(key);
  }

  #tail(stream: string, seq: number): LogTail | undefined {
    const log = this.#hub.logs.get(stream);
    if (log === undefined) return undefined;
    const { first, entries } = log;
    const last = first + entries.length - 1;
    const isEnded = entries.at(-1)?.isEnd ?? false;
    if (seq + 1 < first) return { frames: undefined, last, isEnded };
    const frames = entries.slice(seq + 1 - first).map(({ frame }) => frame);
    return { frames: frames.filter(({ byteLength }) => byteLength > 0), last, isEnded };
  }

  /** Messages are copied, as on a real bus. */
  #post(instance: string, message: BusMessage): void {
    const text = JSON.stringify(message);
    const member = this.#hub.members.get(instance);
    queueMicrotask(() => member?.onMessage(JSON.parse(text)));
  }

  async #connected(): Promise<void> {
    await this.#turn();
    if (!this.#isUp) throw new Error("The store is away");
  }

  #turn(): Promise<void> {
    return Promise.resolve();
  }
}

/** Values and tags change one by one. */
function changedParts(before: SessionRecord, { values, tags }: SessionRecord): SessionRecord {
  const kept = Object.entries({ ...before.values, ...values }).filter(([, text]) => text !== null);
  return {
    ...(values !== undefined && { values: Object.fromEntries(kept) }),
    ...(tags !== undefined && { tags: { ...before.tags, ...tags } }),
  };
}

function isSame(a: LogEntry, b: LogEntry): boolean {
  return a.isEnd === b.isEnd && a.frame.byteLength === b.frame.byteLength &&
    a.frame.every((byte, index) => byte === b.frame[index]);
}
