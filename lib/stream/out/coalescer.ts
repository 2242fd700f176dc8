/**
 * Keeps notifications for a slow reader until later: only the newest for each key.
 *
 * It defers notifications that a later one replaces (`list_changed`, updates of one resource, the
 * progress of one call), and log messages while there is room. Without room it drops the oldest log
 * messages first, then the oldest progress. It never drops changes.
 *
 * @module
 */
import { notification } from "../../wire/json_rpc.ts";
import type { Droppable, DroppableKind } from "../../wire/droppable.ts";

/** Receives reports about deferred notifications. */
export interface CoalescerHost {
  /** Adds to the count of waiting bytes; negative for bytes that are gone. */
  addQueued(delta: number): void;
  /** A notification is never sent: a newer one, or the answer, took its place, or there is no room. */
  notificationDropped(kind: DroppableKind): void;
}

interface Held {
  readonly kind: DroppableKind;
  readonly text: string;
  readonly bytes: number;
}

/** Overhead of a message besides its text: the frame, the longest event id, the entry. */
export const FRAME_OVERHEAD_BYTES = 320;
const ENCODER = new TextEncoder();

/** Messages that wait for a slow reader; of each key only the newest is kept. */
export class Coalescer {
  readonly #owner: CoalescerHost;
  /** In the order in which they will be sent. */
  readonly #held = new Map<string, Held>();
  #bytes = 0;
  /** Number of log messages so far; each makes a key. */
  #logCount = 0;
  #droppedLogs = 0;
  /** Level of the last log message that was dropped, which the client wants to see. */
  #droppedLevel: unknown;

  constructor(owner: CoalescerHost) {
    this.#owner = owner;
  }

  /** Upper bound of the bytes that the messages take in the stream's queue. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Keeps a notification in place of an earlier one of its key.
   *
   * @param text of the message, as JSON
   * @param maxBytes of all that is held
   * @returns false when there is no room for one that must not be lost
   */
  hold({ kind, key }: Droppable, text: string, maxBytes: number): boolean {
    const own = key ?? `log ${++this.#logCount}`;
    if (key !== undefined) this.#drop(own);
    const bytes = ENCODER.encode(text).length + FRAME_OVERHEAD_BYTES;
    const left = maxBytes - bytes;
    if (kind !== "log") this.makeRoom(left);
    else if (left >= 0) this.#dropOldest("log", left);
    if (this.#bytes > left) {
      if (kind === "list_changed" || kind === "resource_updated") return false;
      this.#noteDropped(kind, text);
      return true;
    }
    this.#held.set(own, { kind, text, bytes });
    this.#count(bytes);
    return true;
  }

  /** Drops the notification of a key, as something else says it or it no longer matters. */
  drop(key: string): void {
    this.#drop(key);
  }

  /** Drops what may be dropped, log messages first, until at most `maxBytes` are left. */
  makeRoom(maxBytes: number): void {
    this.#dropOldest("log", maxBytes);
    this.#dropOldest("progress", maxBytes);
  }

  /**
   * Removes and returns all messages, in order. If log messages were dropped, the first message
   * says how many.
   *
   * @param maxBytes of all, the first one included
   */
  drain(maxBytes: number): string[] {
    this.makeRoom(maxBytes);
    if (this.#droppedLogs > 0) this.#dropOldest("log", maxBytes - FRAME_OVERHEAD_BYTES);
    const texts = [...this.#held.values()].map(({ text }) => text);
    const isToBeTold = this.#droppedLogs > 0 && this.#bytes + FRAME_OVERHEAD_BYTES <= maxBytes;
    if (isToBeTold) texts.unshift(this.#droppedNotice());
    this.#held.clear();
    this.#droppedLogs = 0;
    this.#count(-this.#bytes);
    return texts;
  }

  #dropOldest(kind: DroppableKind, maxBytes: number): void {
    for (const [key, held] of this.#held) {
      if (this.#bytes <= maxBytes) return;
      if (held.kind === kind) this.#drop(key);
    }
  }

  #drop(key: string): void {
    const held = this.#held.get(key);
    if (held === undefined) return;
    this.#held.delete(key);
    this.#count(-held.bytes);
    this.#noteDropped(held.kind, held.text);
  }

  #noteDropped(kind: DroppableKind, text: string): void {
    this.#owner.notificationDropped(kind);
    if (kind !== "log") return;
    this.#droppedLogs++;
    this.#droppedLevel = JSON.parse(text).params?.level;
  }

  #droppedNotice(): string {
    const what = this.#droppedLogs === 1 ? "log message was" : "log messages were";
    return JSON.stringify(notification("notifications/message", {
      level: this.#droppedLevel,
      logger: "lifeline",
      data: `${this.#droppedLogs} ${what} dropped because the client reads too slowly`,
    }));
  }

  #count(delta: number): void {
    this.#bytes += delta;
    this.#owner.addQueued(delta);
  }
}
