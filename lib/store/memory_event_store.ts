import type { EventStore, EventStoreStats, Frames } from "./event_store.ts";

/** Bounds of a {@linkcode MemoryEventStore}; see the settings of the same names. */
export interface MemoryStoreLimits {
  /** Events of one stream. */
  readonly maxEvents: number;
  /** Bytes of one stream. */
  readonly maxStreamBytes: number;
  /** Bytes of all streams. */
  readonly maxTotalBytes: number;
  /** Age of an event (ms). */
  readonly maxAgeMs: number;
  /** Bytes that an event takes beside its own, and counts among those of all streams; default: 0. */
  readonly eventOverhead?: number;
}

interface StoredEvent {
  readonly frame: Uint8Array;
  readonly at: number;
}

interface StoredStream {
  /** Number of the first event that is still here. */
  first: number;
  bytes: number;
  readonly events: StoredEvent[];
}

/** A store in this process's memory. */
export class MemoryEventStore implements EventStore {
  readonly #limits: MemoryStoreLimits;
  readonly #clock: () => number;
  /** The least recently written stream comes first. */
  readonly #streams = new Map<string, StoredStream>();
  #bytes = 0;
  #events = 0;
  #dropped = 0;

  constructor(limits: MemoryStoreLimits, clock: () => number) {
    this.#limits = limits;
    this.#clock = clock;
  }

  append(name: string, seq: number, frame: Uint8Array): void {
    const stream = this.#streams.get(name) ?? { first: seq, bytes: 0, events: [] };
    this.#streams.delete(name);
    this.#streams.set(name, stream);
    stream.events.push({ frame, at: this.#clock() });
    this.#events++;
    this.#count(stream, frame.byteLength);
    this.#trim(stream);
    this.#dropOldStreams();
  }

  after(name: string, seq: number): Frames | undefined {
    const stream = this.#streams.get(name);
    if (stream === undefined) return undefined;
    this.#trim(stream);
    if (seq + 1 < stream.first) return undefined;
    return stream.events.slice(seq + 1 - stream.first).map(({ frame }) => frame);
  }

  forget(name: string): void {
    const stream = this.#streams.get(name);
    if (stream === undefined) return;
    this.#streams.delete(name);
    this.#bytes -= stream.bytes;
    this.#events -= stream.events.length;
  }

  stats(): EventStoreStats {
    return { streams: this.#streams.size, bytes: this.#bytes, dropped: this.#dropped };
  }

  #trim(stream: StoredStream): void {
    const { maxEvents, maxStreamBytes, maxAgeMs } = this.#limits;
    const oldest = this.#clock() - maxAgeMs;
    while (
      stream.events.length > maxEvents || stream.bytes > maxStreamBytes ||
      (stream.events[0]?.at ?? oldest) < oldest
    ) {
      const event = stream.events.shift();
      if (event === undefined) return;
      stream.first++;
      this.#events--;
      this.#dropped++;
      this.#count(stream, -event.frame.byteLength);
    }
  }

  #dropOldStreams(): void {
    const oldest = this.#clock() - this.#limits.maxAgeMs;
    for (const [name, stream] of this.#streams) {
      const isOld = (stream.events.at(-1)?.at ?? oldest - 1) < oldest;
      if (!isOld && this.#takenBytes <= this.#limits.maxTotalBytes) return;
      this.#dropped += stream.events.length;
      this.forget(name);
    }
  }

  get #takenBytes(): number {
    return this.#bytes + this.#events * (this.#limits.eventOverhead ?? 0);
  }

  #count(stream: StoredStream, bytes: number): void {
    stream.bytes += bytes;
    this.#bytes += bytes;
  }
}
