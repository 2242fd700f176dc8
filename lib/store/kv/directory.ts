import { type Clock, monotonic } from "../../base/clock.ts";
import { randomId } from "../../base/ids.ts";
import type { Claim, Directory, SessionRecord } from "../shared_store.ts";
import type { Blobs } from "./blobs.ts";
import { committed, type KvKey, type KvStoreOptions } from "./kv.ts";

/** A lease as this instance has last seen it change. */
interface SeenLease {
  readonly version: string;
  readonly at: number;
}

/** A session's record as the database holds it. */
interface KeptRecord extends Omit<SessionRecord, "subscriptions" | "values"> {
  /** JSON of the list, which may be longer than a value of Deno KV. */
  readonly subscriptions?: unknown;
  /** The same of the values. */
  readonly values?: unknown;
  readonly until: number;
}

/** A claim as it is kept. */
interface KeptClaim extends Omit<Claim, "isNew"> {
  readonly until: number;
}

/** An instance is forgotten after this many leases without a renewal. */
const FORGET_LEASES = 20;
const ENCODER = new TextEncoder();
const DECODER = new TextDecoder();

/**
 * The session records, and the leases of the instances. Clocks of instances may differ, so a lease
 * has no time: an instance is alive while its lease changes, as the clock of the observer measures
 * it.
 */
export class KvDirectory implements Directory {
  readonly #options: KvStoreOptions;
  readonly #me: string;
  readonly #blobs: Blobs;
  readonly #clock: Clock;
  readonly #seen = new Map<string, SeenLease>();

  constructor(options: KvStoreOptions, me: string, blobs: Blobs, clock: Clock = monotonic) {
    this.#options = options;
    this.#me = me;
    this.#blobs = blobs;
    this.#clock = clock;
  }

  async renew(): Promise<void> {
    await this.#set([...this.#leases(), this.#me], randomId(""), this.#forgetMs);
    await this.observe();
  }

  /** Notes which leases have changed; called with each renewal. */
  async observe(): Promise<void> {
    const { kv } = this.#options;
    const present = new Set<string>();
    for await (const { key, versionstamp } of kv.list({ prefix: this.#leases() })) {
      const instance = String(key.at(-1));
      present.add(instance);
      const version = String(versionstamp);
      if (this.#seen.get(instance)?.version !== version) {
        this.#seen.set(instance, { version, at: this.#clock() });
      }
    }
    for (const [instance, { at }] of this.#seen) {
      if (!present.has(instance)) this.#seen.delete(instance);
      else if (this.#clock() - at > this.#forgetMs) await this.#drop(instance);
    }
  }

  async isAlive(instance: string): Promise<boolean> {
    await this.observe();
    return this.#isLive(instance);
  }

  async instances(): Promise<readonly string[]> {
    await this.observe();
    return [...this.#seen.keys()].filter((instance) => this.#isLive(instance));
  }

  /** All instances with a lease, those included that may be dead. */
  async members(): Promise<readonly string[]> {
    await this.observe();
    return [...this.#seen.keys()];
  }

  leave(): Promise<void> {
    return this.#drop(this.#me);
  }

  async readSession(key: string): Promise<SessionRecord> {
    return this.#recordOf((await this.#options.kv.get(this.#sessionKey(key))).value);
  }

  async writeSession(key: string, changes: SessionRecord): Promise<void> {
    await this.#changeSession(key, changes);
  }

  takeSession(key: string): Promise<SessionRecord> {
    return this.#changeSession(key, { carrier: this.#me });
  }

  claim(key: string, note: string, lifeMs: number): Promise<Claim> {
    const { kv } = this.#options;
    const claimKey = this.#claimKey(key);
    return committed<Claim>(async () => {
      const { value, versionstamp } = await kv.get(claimKey);
      const { instance, note: known, until } = (value ?? {}) as Partial<KeptClaim>;
      if (instance !== undefined && known !== undefined && (until ?? 0) > this.#now()) {
        return { result: { instance, note: known, isNew: false } };
      }
      const claim: KeptClaim = { instance: this.#me, note, until: this.#now() + lifeMs };
      const commit = kv.atomic().check({ key: claimKey, versionstamp })
        .set(claimKey, claim, { expireIn: lifeMs });
      return { commit, result: { instance: this.#me, note, isNew: true } };
    });
  }

  async release(key: string): Promise<void> {
    const { kv } = this.#options;
    const claimKey = this.#claimKey(key);
    await committed(async () => {
      const { value, versionstamp } = await kv.get(claimKey);
      if ((value as Partial<KeptClaim> | null)?.instance !== this.#me) return { result: undefined };
      const commit = kv.atomic().check({ key: claimKey, versionstamp }).delete(claimKey);
      return { commit, result: undefined };
    });
  }

  /** @returns the record before the change */
  async #changeSession(key: string, changes: SessionRecord): Promise<SessionRecord> {
    const { kv, sessionMs } = this.#options;
    const { subscriptions, values, tags, ...rest } = changes;
    const list = subscriptions && {
      subscriptions: await this.#blobs.write(
        ENCODER.encode(JSON.stringify(subscriptions)),
        sessionMs,
      ),
    };
    const sessionKey = this.#sessionKey(key);
    const before = await committed(async () => {
      const { value, versionstamp } = await kv.get(sessionKey);
      const kept = this.#currentRecord(value);
      const record = {
        ...{ ...kept, ...rest, ...list },
        ...(values !== undefined && { values: await this.#changeValues(kept, values) }),
        ...(tags !== undefined && { tags: { ...kept?.tags, ...tags } }),
        until: this.#now() + sessionMs,
      };
      const commit = kv.atomic().check({ key: sessionKey, versionstamp })
        .set(sessionKey, record, { expireIn: sessionMs });
      return { commit, result: value };
    });
    return await this.#recordOf(before);
  }

  async #recordOf(value: unknown): Promise<SessionRecord> {
    const kept = this.#currentRecord(value);
    if (kept === undefined) return {};
    const { subscriptions, values, until: _, ...record } = kept;
    const list = await this.#readJson(subscriptions) as readonly string[] | undefined;
    const texts = await this.#readJson(values) as SessionRecord["values"];
    return {
      ...record,
      ...(list !== undefined && { subscriptions: list }),
      ...(texts !== undefined && { values: texts }),
    };
  }

  /** @returns the stored values after a change */
  async #changeValues(
    kept: KeptRecord | undefined,
    changes: NonNullable<SessionRecord["values"]>,
  ): Promise<unknown> {
    const before = await this.#readJson(kept?.values) as SessionRecord["values"];
    const after = Object.entries({ ...before, ...changes }).filter(([, text]) => text !== null);
    const bytes = ENCODER.encode(JSON.stringify(Object.fromEntries(after)));
    return await this.#blobs.write(bytes, this.#options.sessionMs);
  }

  async #readJson(blob: unknown): Promise<unknown> {
    const bytes = await this.#blobs.read(blob);
    return bytes === undefined ? undefined : JSON.parse(DECODER.decode(bytes));
  }

  #currentRecord(value: unknown): KeptRecord | undefined {
    const kept = value as KeptRecord | null;
    return kept !== null && kept.until > this.#now() ? kept : undefined;
  }

  #isLive(instance: string): boolean {
    const seen = this.#seen.get(instance);
    return seen !== undefined && this.#clock() - seen.at < this.#options.leaseMs;
  }

  async #set(key: KvKey, value: unknown, expireIn: number): Promise<void> {
    const { kv } = this.#options;
    await committed(() =>
      Promise.resolve({ commit: kv.atomic().set(key, value, { expireIn }), result: undefined })
    );
  }

  async #drop(instance: string): Promise<void> {
    const { kv } = this.#options;
    this.#seen.delete(instance);
    const key = [...this.#leases(), instance];
    await committed(() => Promise.resolve({ commit: kv.atomic().delete(key), result: undefined }));
  }

  get #forgetMs(): number {
    return FORGET_LEASES * this.#options.leaseMs;
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }

  #leases(): KvKey {
    return [this.#options.prefix, "lease"];
  }

  #claimKey(key: string): KvKey {
    return [this.#options.prefix, "claim", key];
  }

  #sessionKey(key: string): KvKey {
    return [this.#options.prefix, "session", key];
  }
}
