/**
 * Notifications that a reader who is behind gets later: of each key the newest alone.
 *
 * Held back are those of which a later one says all (`list_changed`, updates of one resource, the
 * progress of one call), and log messages as long as there is room. Where there is none, first the
 * oldest log messages are left out, then the oldest progress; changes never are.
 *
 * @module
 */
import { notification } from "../../wire/json_rpc.ts";
import type { Droppable, DroppableKind } from "../../wire/droppable.ts";

/** Who is told what becomes of it. */
export interface BacklogOwner {
  /** So many more bytes wait; negative when they went. */
  addQueued(delta: number): void;
  /** A notification is never sent: a newer one, or the answer, took its place, or there is no room. */
  superseded(kind: DroppableKind): void;
}

interface Held {
  readonly kind: DroppableKind;
  readonly text: string;
  readonly bytes: number;
}

/** What a message costs besides its text: the frame, an event id of the longest kind, the entry. */
const OVERHEAD_BYTES = 320;
const ENCODER = new TextEncoder();

export class Coalescer {
  readonly #owner: BacklogOwner;
  /** In the order in which they are to be sent. */
  readonly #held = new Map<string, Held>();
  #bytes = 0;
  /** Log messages that came, for their keys. */
  #logCount = 0;
  #leftOutLogs = 0;
  /** Of the last log message that was left out: one that its client wants to see. */
  #leftOutLevel: unknown;

  constructor(owner: BacklogOwner) {
    this.#owner = owner;
  }

  /** At least what all of it takes in the stream's queue. */
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
    if (key !== undefined) this.#leaveOut(own);
    const bytes = ENCODER.encode(text).length + OVERHEAD_BYTES;
    const left = maxBytes - bytes;
    if (kind !== "log") this.makeRoom(left);
    else if (left >= 0) this.#leaveOutOldest("log", left);
    if (this.#bytes > left) {
      if (kind === "list_changed" || kind === "resource_updated") return false;
      this.#noteLeftOut(kind, text);
      return true;
    }
    this.#held.set(own, { kind, text, bytes });
    this.#count(bytes);
    return true;
  }

  /** Drops what a key stands for, as something else says it or it matters no more. */
  drop(key: string): void {
    this.#leaveOut(key);
  }

  /** Leaves out what may be, log messages first, until no more than so many bytes are left. */
  makeRoom(maxBytes: number): void {
    this.#leaveOutOldest("log", maxBytes);
    this.#leaveOutOldest("progress", maxBytes);
  }

  /**
   * Gives out all messages, in order, and holds none any more. A first one tells how many log
   * messages were left out.
   *
   * @param maxBytes of all, that one included
   */
  take(maxBytes: number): string[] {
    this.makeRoom(maxBytes);
    if (this.#leftOutLogs > 0) this.#leaveOutOldest("log", maxBytes - OVERHEAD_BYTES);
    const texts = [...this.#held.values()].map(({ text }) => text);
    const isToBeTold = this.#leftOutLogs > 0 && this.#bytes + OVERHEAD_BYTES <= maxBytes;
    if (isToBeTold) texts.unshift(this.#tellLeftOut());
    this.#held.clear();
    this.#leftOutLogs = 0;
    this.#count(-this.#bytes);
    return texts;
  }

  #leaveOutOldest(kind: DroppableKind, maxBytes: number): void {
    for (const [key, held] of this.#held) {
      if (this.#bytes <= maxBytes) return;
      if (held.kind === kind) this.#leaveOut(key);
    }
  }

  #leaveOut(key: string): void {
    const held = this.#held.get(key);
    if (held === undefined) return;
    this.#held.delete(key);
    this.#count(-held.bytes);
    this.#noteLeftOut(held.kind, held.text);
  }

  #noteLeftOut(kind: DroppableKind, text: string): void {
    this.#owner.superseded(kind);
    if (kind !== "log") return;
    this.#leftOutLogs++;
    this.#leftOutLevel = JSON.parse(text).params?.level;
  }

  #tellLeftOut(): string {
    return JSON.stringify(notification("notifications/message", {
      level: this.#leftOutLevel,
      logger: "lifeline",
      data: `Log messages left out here, as they were read too slowly: ${this.#leftOutLogs}`,
    }));
  }

  #count(delta: number): void {
    this.#bytes += delta;
    this.#owner.addQueued(delta);
  }
}
