/**
 * The part of Deno KV that the store uses, and helpers for its limits. The runtime opens the
 * database and passes it as a {@linkcode Kv}.
 *
 * @module
 */

/** A key: its parts sort one after the other. */
export type KvKey = readonly (string | number)[];

/** A value with the version by which a commit can check that it is unchanged. */
export interface KvEntry {
  readonly key: readonly unknown[];
  readonly value: unknown;
  readonly versionstamp: string | null;
}

/** Changes that are made together, if all checked values are unchanged. */
export interface KvCommit {
  check(...checks: { key: KvKey; versionstamp: string | null }[]): KvCommit;
  set(key: KvKey, value: unknown, options?: { expireIn?: number }): KvCommit;
  delete(key: KvKey): KvCommit;
  commit(): Promise<{ readonly ok: boolean }>;
}

/** A database of Deno KV. */
export interface Kv {
  get(key: KvKey): Promise<KvEntry>;
  getMany(keys: readonly KvKey[]): Promise<readonly KvEntry[]>;
  list(
    selector: { prefix: KvKey } | { start: KvKey; end: KvKey },
    options?: { batchSize?: number; limit?: number },
  ): AsyncIterable<KvEntry>;
  atomic(): KvCommit;
  watch(keys: readonly KvKey[]): ReadableStream<readonly KvEntry[]>;
  close(): void;
}

/** Bounds and lifetimes of stored data; see the settings of the same names. */
export interface KvStoreOptions {
  readonly kv: Kv;
  /** Begins all keys. */
  readonly prefix: string;
  readonly leaseMs: number;
  /** Interval at which the inbox is read, beside the reads that `watch()` causes (ms). */
  readonly pollMs: number;
  /** Events of one stream. */
  readonly maxEvents: number;
  /** Bytes of one stream. */
  readonly maxStreamBytes: number;
  /** Age of an event (ms). */
  readonly maxAgeMs: number;
  /** Life of a session's record (ms). */
  readonly sessionMs: number;
  /** Milliseconds since the epoch; default: `Date.now`. */
  readonly now?: () => number;
}

/** Attempts of a change that others change too, or while another process locks a local database. */
const MAX_TRIES = 200;
const MAX_PAUSE_MS = 20;

/** Whether another process had locked the local database, so that another try may succeed. */
export function isLocked(error: unknown): boolean {
  return String(error).includes("locked");
}

/**
 * Repeats a change until it is committed. Another instance may change the same values, and a local
 * database that several processes use refuses some commits as locked.
 *
 * @param attempt reads, and returns the commit to try, or a result without one
 * @returns the result of the attempt that was committed
 */
export async function committed<T>(
  attempt: () => Promise<{ readonly commit?: KvCommit; readonly result: T }>,
): Promise<T> {
  for (let tries = 1;; tries++) {
    try {
      const { commit, result } = await attempt();
      if (commit === undefined || (await commit.commit()).ok) return result;
      if (tries === MAX_TRIES) {
        throw new Error("The store: a value changes all the time, so nothing can be committed");
      }
    } catch (error) {
      if (tries === MAX_TRIES || !isLocked(error)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, Math.random() * MAX_PAUSE_MS));
  }
}
