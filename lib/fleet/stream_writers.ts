import { TimerEntry, type TimerWheel } from "../base/timer_wheel.ts";
import type { LogEntry, SharedEvents } from "../store/shared_store.ts";
import { StreamWriter } from "./stream_writer.ts";

/** Time for which appends wait for others, to be sent together (ms). */
const GATHER_MS = 20;

/** The writers of the streams of this instance. */
export class StreamWriters extends TimerEntry {
  readonly #events: SharedEvents;
  readonly #wheel: TimerWheel;
  readonly #failed: (what: string, error: unknown) => void;
  /** The writers with something to append, by the names of their logs. */
  readonly #busy = new Map<string, StreamWriter>();
  #gathered: StreamWriter[] = [];
  #isStopped = false;

  /** @param failed told of appends that may have failed */
  constructor(
    events: SharedEvents,
    wheel: TimerWheel,
    failed: (what: string, error: unknown) => void,
  ) {
    super();
    this.#events = events;
    this.#wheel = wheel;
    this.#failed = failed;
  }

  /** Streams with events that the store does not have yet. */
  get waiting(): number {
    return this.#busy.size;
  }

  /**
   * Keeps an event that has been sent already. Many of them are sent to the store together, which
   * takes less than half the time for each.
   */
  appendSoon(writer: StreamWriter, seq: number, entry: LogEntry): void {
    writer.appendLater(seq, entry, () => {});
    this.#gathered.push(writer);
    if (!this.isScheduled) this.#wheel.schedule(this, GATHER_MS);
  }

  /** Called by the timer wheel: appends what was gathered. */
  onDue(): void {
    for (const writer of this.#gathered.splice(0)) writer.flush();
  }

  /** The writer of a log, while it has something to append. */
  busy(key: string): StreamWriter | undefined {
    return this.#busy.get(key);
  }

  /**
   * Makes the writer of a log.
   *
   * @param maxBytes that may wait for a store that is away
   * @param onRefused called once, when another instance has ended the log
   */
  open(key: string, maxBytes: number, onRefused: () => void): StreamWriter {
    const writer = new StreamWriter({
      key,
      maxBytes,
      onRefused,
      events: this.#events,
      wheel: this.#wheel,
      onBusy: () => {
        this.#busy.set(key, writer);
        // A call that ends with its app must not try to be kept for ever.
        if (this.#isStopped) writer.stop();
      },
      onIdle: () => this.#busy.delete(key),
      onFailed: (error) => this.#failed("append", error),
    });
    return writer;
  }

  /** Settles once all that was written is in the store. */
  async flushed(): Promise<void> {
    await Promise.all([...this.#busy.values()].map((writer) => writer.whenIdle()));
  }

  /** Drops everything that is not stored yet. */
  stop(): void {
    this.#isStopped = true;
    this.#wheel.cancel(this);
    for (const writer of [...this.#busy.values()]) writer.stop();
  }
}
