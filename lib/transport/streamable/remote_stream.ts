/**
 * A stream whose call runs at another instance, carried to a client that resumed it at this one. It
 * reads the events that the writer stored, hears of new ones by the bus, and also reads at
 * intervals. If the writer is dead, it ends the stream with an error, which the store accepts from
 * one instance only.
 *
 * @module
 */
import { TimerEntry } from "../../base/timer_wheel.ts";
import type { CarriedStream, Fleet } from "../../fleet/fleet.ts";
import type { LogTail } from "../../store/shared_store.ts";
import type { EventStream } from "../../stream/event_stream.ts";

/** The parts of a stream of another instance. */
export interface RemoteStreamParts {
  readonly fleet: Fleet;
  /** Name of its log. */
  readonly key: string;
  /** Store keys of its session and of the stream. */
  readonly sessionKey: string;
  readonly name: string;
  /** The instance that writes it. */
  readonly writer: string;
  /** Number of the last event that the client has. */
  readonly since: number;
  /** The response that carries it. */
  readonly sseStream: EventStream;
  /** The event that ends a stream whose writer is dead. */
  readonly lostEvent: () => Uint8Array;
  /** Called with the replayed frames; undefined if events are gone. */
  readonly onReplayed: (frames: readonly Uint8Array[] | undefined) => void;
}

/** Interval of reads without a message (ms), because a message may get lost. */
const LOOK_MS = 500;

/** A stream of another instance, with the client that resumed it here. */
export class RemoteStream extends TimerEntry implements CarriedStream {
  readonly #parts: RemoteStreamParts;
  #since: number;
  #takes = true;
  #isReading = false;
  #isToReadAgain = false;
  #isAsking = false;
  /** Whether the writer said that the stream goes on; undefined before its answer. */
  #isRunning: boolean | undefined;

  constructor(parts: RemoteStreamParts) {
    super();
    this.#parts = parts;
    this.#since = parts.since;
  }

  /** Begins to carry it, in place of its current carrier. */
  start(): void {
    const { fleet, key } = this.#parts;
    fleet.carried.get(key)?.taken();
    fleet.carried.set(key, this);
    this.#askWriter();
    this.#look();
  }

  /** The response has ended. */
  stop(): void {
    const { fleet, key } = this.#parts;
    fleet.wheel.cancel(this);
    if (fleet.carried.get(key) === this) fleet.carried.delete(key);
  }

  grown(): void {
    void this.#read();
  }

  taken(): void {
    this.#parts.sseStream.close("superseded");
  }

  /** Called by the timer wheel. */
  onDue(): void {
    this.#look();
  }

  #look(): void {
    if (!this.#isOpen) return;
    this.#parts.fleet.wheel.schedule(this, LOOK_MS);
    void this.#read().then(() => this.#rescueIfLost());
  }

  get #isOpen(): boolean {
    return this.#parts.sseStream.state === "open";
  }

  /** Has the writer end its own response, and asks whether the call still runs. */
  #askWriter(): void {
    const { fleet, writer, sessionKey, name } = this.#parts;
    this.#isAsking = true;
    const asked = fleet.ask(writer, "carry", { key: sessionKey, stream: name });
    asked.then(
      (reply) => {
        this.#isRunning = reply === true;
      },
      // It may be dead, frozen or cut off: its lease tells.
      () => {},
    ).finally(() => this.#isAsking = false);
  }

  async #read(): Promise<void> {
    if (this.#isReading) {
      this.#isToReadAgain = true;
      return;
    }
    this.#isReading = true;
    try {
      do {
        this.#isToReadAgain = false;
        await this.#readOnce();
      } while (this.#isToReadAgain && this.#isOpen);
    } catch (error) {
      this.#parts.fleet.failed("carry", error);
    } finally {
      this.#isReading = false;
    }
  }

  async #readOnce(): Promise<void> {
    const { fleet, key } = this.#parts;
    const { carrier, tail } = await fleet.store.events.carry(key, this.#since, this.#takes);
    this.#takes = false;
    if (!this.#isOpen) return;
    if (carrier !== fleet.me) return this.taken();
    if (tail !== undefined) this.#deliver(tail);
  }

  #deliver({ frames, last, isEnded }: LogTail): void {
    const { sseStream, onReplayed } = this.#parts;
    if (frames === undefined) {
      onReplayed(undefined);
      // The newest event is there, and it may be the answer.
      this.#since = last - 1;
      this.#isToReadAgain = true;
      return;
    }
    if (last > this.#since) this.#since = last;
    sseStream.replay(frames);
    if (frames.length > 0) onReplayed(frames);
    if (isEnded) sseStream.close("completed");
  }

  /** The writer is dead, or knows nothing of the stream, and the log has no end. */
  async #rescueIfLost(): Promise<void> {
    const { fleet, key, writer, lostEvent } = this.#parts;
    if (!this.#isOpen || this.#isReading) return;
    const state = await fleet.stateOf(writer);
    if (state !== "dead") {
      if (this.#isAsking) return;
      if (state === "alive" && this.#isRunning === undefined) return this.#askWriter();
      if (this.#isRunning !== false) return;
    }
    // The writer's last events come before the error.
    await this.#read();
    if (!this.#isOpen) return;
    const entry = { frame: lostEvent(), isEnd: true };
    try {
      const appended = await fleet.store.events.append(key, this.#since + 1, [entry]);
      if (appended === "kept") fleet.emit("callLost");
    } catch (error) {
      fleet.failed("append", error);
      return;
    }
    await this.#read();
  }
}
