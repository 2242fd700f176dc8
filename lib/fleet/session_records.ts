/**
 * The records of sessions that the instances of a fleet share through the store.
 *
 * @module
 */
import { ProtocolError } from "../base/errors.ts";
import { LruMap } from "../base/lru_map.ts";
import type { SessionRecord, SharedStore } from "../store/shared_store.ts";

/** The parts of a fleet that the records use. */
export interface RecordsParts {
  readonly store: SharedStore;
  readonly broadcast: (kind: string, body: Readonly<Record<string, unknown>>) => void;
  readonly failed: (what: string, error: unknown) => void;
}

/** Most records of a session's use within its idle time. */
const USES = 10;
/** Most sessions whose last recorded use is remembered. */
const MAX_REMEMBERED = 100_000;

/** The records of all sessions. */
export class SessionRecords {
  readonly #parts: RecordsParts;
  readonly #usedAt = new LruMap<string, { readonly at: number }>(MAX_REMEMBERED);
  /** Idle time after which a session ends (ms). */
  idleMs = Infinity;
  /** Whether a session is refused while the store cannot tell whether it has ended. */
  isStrict = false;

  constructor(parts: RecordsParts) {
    this.#parts = parts;
  }

  /**
   * Reads what other instances recorded of a session that is restored here.
   *
   * @returns an empty record while the store is away
   * @throws {ProtocolError} `not_routed` while the store is away and sessions are strict
   */
  async read(key: string): Promise<SessionRecord> {
    try {
      return await this.#parts.store.directory.readSession(key);
    } catch (error) {
      this.#parts.failed("session", error);
      if (!this.isStrict) return {};
      throw new ProtocolError(
        "not_routed",
        "The store is away, so this session may have ended (MCP_STORE_STRICT); try again in a second",
        { headers: { "retry-after": "1" }, data: { retry_after: 1 } },
      );
    }
  }

  /** The record of a session that is in memory; undefined while the store is away. */
  async peek(key: string): Promise<SessionRecord | undefined> {
    try {
      return await this.#parts.store.directory.readSession(key);
    } catch (error) {
      this.#parts.failed("session", error);
      return undefined;
    }
  }

  /**
   * Records changes, and tells the other instances. They read changed values and tags from the store,
   * which puts changes of several instances into one order.
   *
   * @returns whether they are recorded
   */
  async save(key: string, changes: SessionRecord): Promise<boolean> {
    const { store, broadcast, failed } = this.#parts;
    const { values, tags, ...told } = changes;
    const isStale = values !== undefined || tags !== undefined;
    try {
      await store.directory.writeSession(key, changes);
      const changesTags = Object.keys(tags ?? {}).length > 0;
      broadcast("record", { key, ...told, ...(isStale && { isStale, changesTags }) });
      return true;
    } catch (error) {
      failed("session", error);
      return false;
    }
  }

  /** Whether a session was idle for too long, by the clock of the store. */
  isIdle({ usedAt }: SessionRecord): boolean {
    return usedAt !== undefined && this.#parts.store.now() - usedAt > this.idleMs;
  }

  /** Records that a session is in use, from time to time. */
  noteUse(key: string): void {
    const now = this.#parts.store.now();
    const { at } = this.#usedAt.get(key) ?? { at: 0 };
    if (now - at < this.idleMs / USES) return;
    this.#usedAt.set(key, { at: now });
    const written = this.#parts.store.directory.writeSession(key, { usedAt: now });
    written.catch((error) => this.#parts.failed("session", error));
  }

  /**
   * Records that a session has ended.
   *
   * @throws {Error} while the store is away
   */
  async end(key: string): Promise<void> {
    await this.#parts.store.directory.writeSession(key, { isEnded: true });
    this.#parts.broadcast("ended", { key });
  }

  /** Records that a session has ended; a failure is logged. */
  endLater(key: string): void {
    this.end(key).catch((error) => this.#parts.failed("session", error));
  }

  /**
   * Records that all sessions that a principal opened until then have ended; a failure is logged.
   *
   * @param at ms since the epoch
   */
  endAllOf(principal: string, at: number): void {
    const { directory } = this.#parts.store;
    const written = directory.writeSession(ownerKey(principal), { isEnded: true, usedAt: at });
    written.catch((error) => this.#parts.failed("session", error));
  }

  /** When all sessions of a principal were ended (ms since the epoch); undefined if they were not. */
  async allEndedAt(principal: string | undefined): Promise<number | undefined> {
    if (principal === undefined) return undefined;
    const { isEnded, usedAt } = await this.read(ownerKey(principal));
    return isEnded ? usedAt : undefined;
  }

  /** A session was idle here; where it was idle everywhere, it has ended. */
  async endIfIdle(key: string): Promise<void> {
    try {
      const { usedAt = 0 } = await this.#parts.store.directory.readSession(key);
      if (this.#parts.store.now() - usedAt >= this.idleMs) await this.end(key);
    } catch (error) {
      this.#parts.failed("session", error);
    }
  }
}

/** The key of a principal's record; keys of sessions are hexadecimal digits. */
function ownerKey(principal: string): string {
  return `principal ${principal}`;
}
