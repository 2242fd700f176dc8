/**
 * Contracts of a store that several instances share, so that each can serve any request: the events
 * of streams, a bus for messages between instances, and a directory of sessions and live instances.
 * {@linkcode MemoryHub} has them for instances in one process, {@linkcode RedisStore} for instances
 * anywhere.
 *
 * Everything in a shared store is input, so readers check its shape.
 *
 * @module
 */
import type { Frames } from "./event_store.ts";

/** One entry of a stream's log. */
export interface LogEntry {
  /** The event as it goes over the wire; empty if the stream ends without one. */
  readonly frame: Uint8Array;
  /** Whether the stream ends with it. */
  readonly isEnd: boolean;
}

/** The outcome of an append. It is refused if the writer was taken for dead. */
export type Appended = "kept" | "refused";

/** The part of a log after a number. */
export interface LogTail {
  /** The events after that number; undefined when one of them is gone. */
  readonly frames: Frames | undefined;
  /** Number of the last entry. */
  readonly last: number;
  readonly isEnded: boolean;
}

/** A log as the instance that carries the stream reads it. */
export interface CarriedLog {
  /** The instance that carries the stream to its client. */
  readonly carrier: string;
  /** Undefined if nothing is kept, or another instance carries the stream. */
  readonly tail: LogTail | undefined;
}

/**
 * The logs of streams. A stream has one writer, and each entry carries its number. An entry with
 * any other number than the next is refused, so a second writer learns that it is not the writer.
 */
export interface SharedEvents {
  /**
   * Appends entries with the numbers `seq`, `seq + 1` and so on. An entry that is there already
   * with the same content is kept, so that an append without an answer can be repeated. A log that
   * was lost begins anew with the number that is appended.
   *
   * The carrier of the stream gets a message ({@linkcode LogGrown}).
   *
   * @returns rejects if it is unknown whether the entries are kept
   */
  append(stream: string, seq: number, entries: readonly LogEntry[]): Promise<Appended>;
  /** Reads the entries after a number; undefined if nothing is kept. */
  after(stream: string, seq: number): Promise<LogTail | undefined>;
  /**
   * Reads like {@linkcode after}, and makes this instance the carrier of the stream. The bus tells
   * the former carrier ({@linkcode LogTaken}).
   *
   * @param takes whether to take the stream from another instance that carries it
   */
  carry(stream: string, seq: number, takes: boolean): Promise<CarriedLog>;
  /** Drops a log. */
  forget(stream: string): Promise<void>;
}

/** Tells the carrier of a stream that its log has grown. */
export interface LogGrown {
  readonly kind: "grown";
  readonly stream: string;
}

/** Tells an instance that another one carries a stream from now on. */
export interface LogTaken {
  readonly kind: "taken";
  readonly stream: string;
}

/** A message between instances; kinds that an instance does not know are ignored. */
export interface BusMessage {
  readonly kind: string;
  readonly [member: string]: unknown;
}

/** Carries messages between instances. A message may get lost while the store is away. */
export interface Bus {
  /** Sends a message to one instance. Rejects where the store is away. */
  send(instance: string, message: BusMessage): Promise<void>;
  /** Sends a message to all instances, this one included. */
  broadcast(message: BusMessage): Promise<void>;
  /** Takes messages for this instance; set it before {@linkcode SharedStore.start}. */
  onMessage: (message: unknown) => void;
}

/** The record of a session, besides the contents of its id. */
export interface SessionRecord {
  /** The instance that carries the session's own stream, or did last. */
  readonly carrier?: string;
  readonly logLevel?: string;
  readonly subscriptions?: readonly string[];
  /** The values that tools keep for it, as JSON; null removes one. */
  readonly values?: Readonly<Record<string, string | null>>;
  /** The tags whose features it shows (true) or hides (false). */
  readonly tags?: Readonly<Record<string, boolean>>;
  /** When it was last used (ms since the epoch), not exact. */
  readonly usedAt?: number;
  readonly isEnded?: boolean;
}

/** A claimed key. */
export interface Claim {
  /** The instance that has it, which may be this one. */
  readonly instance: string;
  readonly note: string;
  /** Whether it is claimed only now. */
  readonly isNew: boolean;
}

/** The sessions, and the live instances. */
export interface Directory {
  /** Renews the lease of this instance, for {@linkcode SharedStore.leaseMs}. */
  renew(): Promise<void>;
  /** Whether the lease of an instance is valid. */
  isAlive(instance: string): Promise<boolean>;
  /** The live instances. */
  instances(): Promise<readonly string[]>;
  /** Ends the lease of this instance, so that no other instance waits for its expiry. */
  leave(): Promise<void>;
  readSession(key: string): Promise<SessionRecord>;
  /** Changes the given fields, and of values and tags the given ones, and leaves the others. */
  writeSession(key: string, changes: SessionRecord): Promise<void>;
  /**
   * Makes this instance the carrier of the session's own stream.
   *
   * @returns the record as it was before
   */
  takeSession(key: string): Promise<SessionRecord>;
  /**
   * Claims a key for this instance, unless an instance has it already.
   *
   * @param note kept with the claim
   * @param lifeMs time after which the claim ends (ms)
   */
  claim(key: string, note: string, lifeMs: number): Promise<Claim>;
  /** Ends the claim of a key, if this instance has it. */
  release(key: string): Promise<void>;
}

/** The shared store, as one instance sees it. */
export interface SharedStore {
  /** The random name of this instance, new with each start: 8 hexadecimal digits. */
  readonly me: string;
  /** Time for which an instance counts as alive without a renewal (ms). */
  readonly leaseMs: number;
  /** Whether the store answers, as far as is known. */
  readonly isUp: boolean;
  /** Told when the store is back, or there for the first time: messages may have been missed. */
  onUp: () => void;
  readonly events: SharedEvents;
  readonly bus: Bus;
  readonly directory: Directory;
  /** The time that all instances agree on (ms since the epoch), whatever their own clocks say. */
  now(): number;
  /**
   * Connects, and repeats that until it succeeds. Settles when it is connected, or the first
   * attempt has failed.
   */
  start(): Promise<void>;
  /** Finds out whether the store still answers, and connects anew where it does not. */
  check?(): Promise<void>;
  /** Connects again, because the bus carries nothing although the store answers. */
  reset?(why: string): void;
  /** Disconnects. */
  close(): Promise<void>;
}

/** Digits of an instance's name. */
export const INSTANCE_DIGITS = 8;
