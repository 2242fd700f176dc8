import { Shares } from "../base/shares.ts";
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
  readonly owner: string;
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
  /** The names of each owner's streams, in the same order. */
  readonly #names = new Map<string, Set<string>>();
  /** The bytes of each owner, with the overhead of its events. */
  readonly #shares = new Shares();
  #bytes = 0;
  #events = 0;
  #dropped = 0;

  constructor(limits: MemoryStoreLimits, clock: () => number) {
    this.#limits = limits;
    this.#clock = clock;
  }

  append(name: string, seq: number, frame: Uint8Array, owner = ""): void {
    const stream = this.#streams.get(name) ?? { owner, first: seq, bytes: 0, events: [] };
    this.#streams.delete(name);
    this.#streams.set(name, stream);
    const names = this.#names.get(stream.owner) ?? new Set();
    names.delete(name);
    this.#names.set(stream.owner, names.add(name));
    stream.events.push({ frame, at: this.#clock() });
    this.#count(stream, frame.byteLength, 1);
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
    const names = this.#names.get(stream.owner)!;
    names.delete(name);
    if (names.size === 0) this.#names.delete(stream.owner);
    this.#count(stream, -stream.bytes, -stream.events.length);
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
      this.#dropped++;
      this.#count(stream, -event.frame.byteLength, -1);
    }
  }

  #dropOldStreams(): void {
    const oldest = this.#clock() - this.#limits.maxAgeMs;
    for (const [name, stream] of this.#streams) {
      const isOld = (stream.events.at(-1)?.at ?? oldest - 1) < oldest;
      if (!isOld) break;
      this.#drop(name, stream);
    }
    while (this.#takenBytes > this.#limits.maxTotalBytes) {
      // One client must not push out the events of all others.
      const [name] = this.#names.get(this.#shares.largest!)!;
      this.#drop(name!, this.#streams.get(name!)!);
    }
  }

  #drop(name: string, { events }: StoredStream): void {
    this.#dropped += events.length;
    this.forget(name);
  }

  get #takenBytes(): number {
    return this.#bytes + this.#events * (this.#limits.eventOverhead ?? 0);
  }

  #count(stream: StoredStream, bytes: number, events: number): void {
    stream.bytes += bytes;
    this.#bytes += bytes;
    this.#events += events;
    this.#shares.add(stream.owner, bytes + events * (this.#limits.eventOverhead ?? 0));
  }
}
