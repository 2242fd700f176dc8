/**
 * The state of a session that instances share: its log level, its subscriptions, the values that tools
 * keep for it, and the tags that it sees. Each instance has a copy. A change is written to the store
 * before the call is answered. Other instances read their copies anew before their next request, and
 * at once if the session has subscriptions and its tags have changed.
 *
 * @module
 */
import type { SessionRecords } from "../../fleet/session_records.ts";
import { DEFAULT_LOG_LEVEL, isLogLevel } from "../../mcp/log_levels.ts";
import type { ClientState } from "../../mcp/session/client_state.ts";
import type { SessionRecord } from "../../store/shared_store.ts";
import { METHODS } from "../../wire/methods.ts";

/** The parts of a {@linkcode SharedState}. */
export interface SharedStateParts {
  /** Key of the session. */
  readonly key: string;
  readonly state: ClientState;
  readonly records: SessionRecords;
  /** Called with the instance that carries the session's own stream. */
  readonly setCarrier: (instance: string) => void;
}

/** Changes that the store does not have yet. */
type Changes = Required<Pick<SessionRecord, "values" | "tags">>;

/** One instance's copy of the shared state of a session. */
export class SharedState {
  readonly #parts: SharedStateParts;
  #unsaved: Changes | undefined;
  #saving: Promise<void> | undefined;
  #isStale = false;
  #reading: Promise<void> | undefined;

  constructor(parts: SharedStateParts) {
    this.#parts = parts;
    const { state } = parts;
    state.onValue = (name, text) => this.#note({ values: { [name]: text ?? null }, tags: {} });
    state.onVisible = (tag, isVisible) => this.#note({ values: {}, tags: { [tag]: isVisible } });
  }

  /** Settles once the store has all changes, or has failed; undefined if it has them. */
  get saved(): Promise<void> | undefined {
    return this.#saving;
  }

  /**
   * The part of the record that a request has changed; undefined if its method changes none. A list of
   * subscriptions can be long, so it is written only with its own changes.
   */
  changedBy(method: string): SessionRecord | undefined {
    const { logLevel, subscriptions } = this.#parts.state;
    switch (method) {
      case METHODS.setLogLevel:
        return { logLevel };
      case METHODS.subscribe:
      case METHODS.unsubscribe:
        return { subscriptions: [...subscriptions] };
      default:
        return undefined;
    }
  }

  /** Takes over a change that another instance has sent. */
  take({ carrier, logLevel, subscriptions }: SessionRecord): void {
    const { state, setCarrier } = this.#parts;
    if (isLogLevel(logLevel)) state.logLevel = logLevel;
    if (subscriptions !== undefined) state.setSubscriptions(subscriptions);
    if (carrier !== undefined) setCarrier(carrier);
  }

  /** Takes over the whole record of the store, and keeps what the store does not have yet. */
  takeWhole(record: SessionRecord): void {
    this.take(record);
    const { values, tags } = joined({ values: {}, tags: {}, ...record }, this.#unsaved);
    const { state } = this.#parts;
    const kept = Object.entries(values).filter((one): one is [string, string] => one[1] !== null);
    state.replaceValues(kept);
    state.replaceVisibility(tags);
  }

  /** Writes the record to a store that has lost it. */
  async restore(): Promise<void> {
    const { key, state, records } = this.#parts;
    const values = Object.fromEntries(state.values);
    const tags = state.visibility?.tags ?? {};
    const { logLevel, subscriptions } = state;
    if (Object.keys({ ...values, ...tags }).length > 0) await records.save(key, { values, tags });
    if (logLevel === DEFAULT_LOG_LEVEL && subscriptions.size === 0) return;
    await records.save(key, { logLevel, subscriptions: [...subscriptions] });
  }

  /** Writes the changes that a store did not take while it was away. */
  async saveAgain(): Promise<void> {
    if (this.#unsaved === undefined) return;
    await (this.#saving ??= this.#save().finally(() => this.#saving = undefined));
  }

  /**
   * Another instance has changed values or tags. Tags may hide resources that the session subscribes
   * to, so they are read at once.
   */
  setStale(changesTags: boolean): void {
    this.#isStale = true;
    if (changesTags && this.#parts.state.subscriptions.size > 0) void this.refresh();
  }

  /** Reads the record of the store if this copy is stale; undefined if it is not. */
  refresh(): Promise<void> | undefined {
    if (this.#isStale) this.#reading ??= this.#read().finally(() => this.#reading = undefined);
    return this.#reading;
  }

  async #read(): Promise<void> {
    await this.#saving;
    this.#isStale = false;
    const record = await this.#parts.records.peek(this.#parts.key);
    if (record === undefined) this.#isStale = true;
    else this.takeWhole(record);
  }

  #note(changes: Changes): void {
    this.#unsaved = joined(this.#unsaved ?? { values: {}, tags: {} }, changes);
    this.#saving ??= this.#save().finally(() => this.#saving = undefined);
  }

  async #save(): Promise<void> {
    // All changes of one turn are written together.
    await Promise.resolve();
    while (this.#unsaved !== undefined) {
      const changes = this.#unsaved;
      this.#unsaved = undefined;
      if (await this.#parts.records.save(this.#parts.key, changes)) continue;
      // They are written with the next change, or when the store is back.
      this.#unsaved = joined(changes, this.#unsaved);
      return;
    }
  }
}

function joined(first: Changes, second: Changes | undefined): Changes {
  return {
    values: { ...first.values, ...second?.values },
    tags: { ...first.tags, ...second?.tags },
  };
}
