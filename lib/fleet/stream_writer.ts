/**
 * The one writer of a stream's log in a shared store. An event is sent to the client once it is kept,
 * so that another instance can replay all that a client has seen, and an instance that was taken for
 * dead sends nothing more.
 *
 * @module
 */
import { TimerEntry, type TimerWheel } from "../base/timer_wheel.ts";
import type { Appended, LogEntry, SharedEvents } from "../store/shared_store.ts";

/** The parts that a writer uses. */
export interface StreamWriterParts {
  /** Name of the log. */
  readonly key: string;
  readonly events: SharedEvents;
  readonly wheel: TimerWheel;
  /** Bytes that may wait for a store that is away. */
  readonly maxBytes: number;
  /**
   * Called once, when another instance has ended the log, so that this writer has no reader left.
   */
  readonly onRefused: () => void;
  /** Called when there is something to append, and when all is kept. */
  readonly onBusy: () => void;
  readonly onIdle: () => void;
  readonly onFailed: (error: unknown) => void;
}

/** An event on its way. */
interface Waiting {
  readonly seq: number;
  readonly entry: LogEntry;
  /** Sends it to the client; undefined once that is done. */
  deliver: (() => void) | undefined;
}

/** Time after which an append without a known outcome is repeated (ms). */
const RETRY_MS = 200;
const EMPTY = new Uint8Array();

/** Appends to one log, in order. */
export class StreamWriter extends TimerEntry {
  readonly #parts: StreamWriterParts;
  readonly #waiting: Waiting[] = [];
  #bytes = 0;
  #isSending = false;
  #isRefused = false;
  #idle: PromiseWithResolvers<void> | undefined;
  #delivered: PromiseWithResolvers<void> | undefined;

  constructor(parts: StreamWriterParts) {
    super();
    this.#parts = parts;
  }

  /** Appends an event; `deliver` is called when it may be sent to the client. */
  append(seq: number, entry: LogEntry, deliver: () => void): void {
    if (this.#isRefused) return;
    this.#add({ seq, entry, deliver });
    this.#send();
  }

  /** An event that need not be kept before it is sent; it is appended together with the next one. */
  appendLater(seq: number, entry: LogEntry, deliver: () => void): void {
    if (this.#isRefused) return;
    this.#add({ seq, entry, deliver: undefined });
    deliver();
  }

  /** The stream has said all, without an event for that. */
  end(seq: number): void {
    this.append(seq, { frame: EMPTY, isEnd: true }, () => {});
  }

  /** Appends the events that were left for later. */
  flush(): void {
    this.#send();
  }

  /** Settles once all was sent to the client, or never will be. */
  whenDelivered(): Promise<void> {
    if (!this.#waiting.some(({ deliver }) => deliver !== undefined)) return Promise.resolve();
    this.#delivered ??= Promise.withResolvers<void>();
    return this.#delivered.promise;
  }

  /** Appends all deferred events; settles once everything is stored. */
  whenIdle(): Promise<void> {
    if (this.#waiting.length === 0) return Promise.resolve();
    this.#idle ??= Promise.withResolvers<void>();
    this.#send();
    return this.#idle.promise;
  }

  /** Drops everything that is not stored yet. */
  stop(): void {
    this.#isRefused = true;
    this.#waiting.length = 0;
    this.#parts.wheel.cancel(this);
    this.#settle();
  }

  /** Called by the timer wheel: the fate of an append is not known. */
  onDue(): void {
    this.#send();
  }

  #add(waiting: Waiting): void {
    if (this.#waiting.length === 0) this.#parts.onBusy();
    this.#waiting.push(waiting);
    this.#bytes += waiting.entry.frame.byteLength;
    // The log begins anew then, and says that events are gone.
    while (this.#bytes > this.#parts.maxBytes && this.#waiting[0]?.deliver === undefined) {
      if (this.#waiting.length < 2 || this.#isSending) return;
      this.#bytes -= this.#waiting.shift()?.entry.frame.byteLength ?? 0;
    }
  }

  #send(): void {
    const [first] = this.#waiting;
    if (this.#isSending || this.isScheduled || first === undefined) return;
    this.#isSending = true;
    const batch = [...this.#waiting];
    const entries = batch.map(({ entry }) => entry);
    this.#parts.events.append(this.#parts.key, first.seq, entries).then(
      (appended) => this.#appended(batch, appended),
      (error) => this.#failed(batch, error),
    );
  }

  #appended(batch: readonly Waiting[], appended: Appended): void {
    this.#isSending = false;
    if (appended === "refused") return this.#refused();
    this.#waiting.splice(0, batch.length);
    for (const { entry } of batch) this.#bytes -= entry.frame.byteLength;
    this.#deliver(batch);
    if (this.#waiting.some(({ deliver }) => deliver !== undefined)) this.#send();
    else if (this.#waiting.length > 0 && this.#idle !== undefined) this.#send();
    else this.#settle();
  }

  /** The store is away: the client still gets its events, and they are appended later. */
  #failed(batch: readonly Waiting[], error: unknown): void {
    this.#isSending = false;
    if (this.#isRefused) return;
    this.#parts.onFailed(error);
    this.#deliver(batch);
    this.#parts.wheel.schedule(this, RETRY_MS);
    this.#settleDelivered();
  }

  #refused(): void {
    if (this.#isRefused) return;
    this.stop();
    this.#parts.onRefused();
  }

  #deliver(batch: readonly Waiting[]): void {
    for (const waiting of batch) {
      const { deliver } = waiting;
      waiting.deliver = undefined;
      deliver?.();
    }
  }

  #settle(): void {
    this.#settleDelivered();
    if (this.#waiting.length > 0) return;
    this.#parts.onIdle();
    this.#idle?.resolve();
    this.#idle = undefined;
  }

  #settleDelivered(): void {
    if (this.#waiting.some(({ deliver }) => deliver !== undefined)) return;
    this.#delivered?.resolve();
    this.#delivered = undefined;
  }
}
