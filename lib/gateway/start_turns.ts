/**
 * Turns in starting processes. A process that starts keeps a processor busy, and the calls of all
 * clients wait for it. So only a few start at a time, and clients take turns.
 *
 * @module
 */
import { ProtocolError } from "../base/errors.ts";
import { logFor } from "../base/log.ts";
import type { MaybePromise } from "../base/promises.ts";
import { ThrottledWarning } from "../base/throttled_warning.ts";
import { Slots } from "../stream/admit/slots.ts";

/** The limits of starts. */
export interface StartLimits {
  /** Most starts of one client at a time. */
  readonly perClient: number;
  /** Most starts of all clients at a time. */
  readonly total: number;
  /** Most starts that wait for their turn. */
  readonly waiting: number;
}

/**
 * Four are enough for a session with a handful of servers. More starts than processors gain nothing,
 * so on a larger machine a client gets half of the processors and leaves the others to the rest.
 */
const PER_CLIENT = Math.max(4, Math.floor(navigator.hardwareConcurrency / 2));
const LIMITS: StartLimits = { perClient: PER_CLIENT, total: 2 * PER_CLIENT, waiting: 1_000 };
/** A start that takes longer waits for something, such as a download: its turn is over (ms). */
const TURN_MS = 10_000;
/** The key of all starts that are for no client alone; no client has it. */
const SHARED = "\0";
const log = logFor("gateway");

/** Ends a turn; further calls do nothing. */
export type EndTurn = () => void;

/** Too many starts wait for their turn. */
class StartRefused extends ProtocolError {
  constructor(waiting: number) {
    super(
      "overloaded",
      `${waiting} processes wait to be started, most of them for this client; try again later`,
      { headers: { "retry-after": "5" } },
    );
  }
}

/** @throws {ProtocolError} `overloaded` if one of several starts was refused */
export function requireTurns(starts: readonly PromiseSettledResult<unknown>[]): void {
  for (const start of starts) {
    if (start.status === "rejected" && start.reason instanceof StartRefused) throw start.reason;
  }
}

/** The turns of all processes of a gateway. */
export class StartTurns {
  readonly #limits: StartLimits;
  readonly #running = new Slots();
  /** By client; the client whose turn comes next is first. */
  readonly #waiting = new Map<string, PromiseWithResolvers<EndTurn>[]>();
  readonly #warning = new ThrottledWarning(log);
  #size = 0;

  constructor(limits: StartLimits = LIMITS) {
    this.#limits = limits;
  }

  /** Starts that have a turn. */
  get running(): number {
    return this.#running.total;
  }

  /** Starts that wait for one. */
  get waiting(): number {
    return this.#size;
  }

  /**
   * Takes a turn, at once if one is free.
   *
   * @param client the key of the client that the process is for. Undefined for a process that all
   *   clients share: it never waits, because all clients need it, and the file of servers limits
   *   how many there are
   * @param signal aborts when nobody wants the start any more, which then loses its place
   * @returns to be called when the process has started, or has ended
   * @throws {ProtocolError} `overloaded` if too many starts wait; the signal's reason if it aborts
   */
  take(client: string | undefined, signal: AbortSignal): MaybePromise<EndTurn> {
    if (client === undefined) return this.#begin(SHARED);
    if (!this.#isFull && this.#isFree(client)) return this.#begin(client);
    if (this.#size >= this.#limits.waiting) this.#makeRoom(client);
    return this.#wait(client, signal);
  }

  get #isFull(): boolean {
    return this.#running.total >= this.#limits.total;
  }

  #isFree(client: string): boolean {
    return this.#running.of(client) < this.#limits.perClient;
  }

  #begin(client: string): EndTurn {
    const lease = this.#running.take(client);
    let isOver = false;
    const end = (): void => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      lease[Symbol.dispose]();
      this.#beginNext();
    };
    const timer = setTimeout(end, TURN_MS);
    return end;
  }

  #wait(client: string, signal: AbortSignal): Promise<EndTurn> {
    const waiting = Promise.withResolvers<EndTurn>();
    const queue = this.#waiting.get(client);
    if (queue === undefined) this.#waiting.set(client, [waiting]);
    else queue.push(waiting);
    this.#size++;
    const drop = (): void => {
      this.#remove(client, waiting);
      waiting.reject(signal.reason);
    };
    signal.addEventListener("abort", drop, { once: true });
    return waiting.promise;
  }

  /** Gives free turns to the clients that wait, one after the other. */
  #beginNext(): void {
    // A client with more starts goes to the end, where this loop meets it again.
    for (const [client, queue] of this.#waiting) {
      if (this.#isFull) return;
      if (!this.#isFree(client)) continue;
      const next = queue[0]!;
      this.#remove(client, next);
      if (queue.length > 0) {
        this.#waiting.delete(client);
        this.#waiting.set(client, queue);
      }
      next.resolve(this.#begin(client));
    }
  }

  /**
   * Refuses the newest start of the client with most of them.
   *
   * @throws {ProtocolError} `overloaded` if that would be this one
   */
  #makeRoom(client: string): void {
    this.#warning.warn("waiting_starts", performance.now());
    let [largest, most] = [client, this.#waiting.get(client) ?? []];
    for (const [other, queue] of this.#waiting) {
      if (queue.length > most.length) [largest, most] = [other, queue];
    }
    const error = new StartRefused(this.#limits.waiting);
    if (largest === client) throw error;
    const newest = most.at(-1)!;
    this.#remove(largest, newest);
    newest.reject(error);
  }

  /** Does nothing for one that waits no more. */
  #remove(client: string, waiting: PromiseWithResolvers<EndTurn>): void {
    const queue = this.#waiting.get(client) ?? [];
    const at = queue.indexOf(waiting);
    if (at === -1) return;
    queue.splice(at, 1);
    if (queue.length === 0) this.#waiting.delete(client);
    this.#size--;
  }
}
