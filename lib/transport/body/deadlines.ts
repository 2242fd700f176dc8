/**
 * Bodies on their way, and the time that they may take.
 *
 * @module
 */
import { ProtocolError } from "../../base/errors.ts";
import type { MaybePromise } from "../../base/promises.ts";
import { TimerEntry, type TimerWheel } from "../../base/timer_wheel.ts";
import type { Client } from "../../stream/client.ts";
import { asProtocolError } from "./errors.ts";

/** Takes what was read of a body. */
export interface BodyTaker<T> {
  /** Answers the request; must not throw or reject. */
  take(read: T): MaybePromise<Response>;
}

/** A request that answers once its body is read. Its methods must not throw or reject. */
export interface BodyConsumer extends BodyTaker<unknown> {
  readonly request: Request;
  readonly headers: Headers;
  /** The header `Content-Type`. */
  readonly contentType: string | null;
  /** The header `Content-Length`. */
  readonly contentLength: string | null;
  readonly client: Client;
  /** @param body its JSON value; undefined if there is none */
  take(body: unknown): MaybePromise<Response>;
  /** Called instead when the body cannot be had. */
  fail(error: ProtocolError): Response;
}

/** A body on its way, linked to those before and behind it. */
export class PendingBody {
  before: PendingBody | undefined;
  behind: PendingBody | undefined;
  /** Stops the reading when it takes too long. */
  onLate: (() => void) | undefined;
  /** Looks that the deadlines took since it began. */
  looks = 0;
  readonly #owner: BodyConsumer;
  readonly #deadlines: BodyDeadlines;
  /** Set once 408 was sent; a later result is ignored. */
  #isLate = false;
  #resolve: ((result: MaybePromise<Response>) => void) | undefined;

  constructor(owner: BodyConsumer, deadlines: BodyDeadlines) {
    this.#owner = owner;
    this.#deadlines = deadlines;
  }

  /** Whether its client has been told already. */
  get isLate(): boolean {
    return this.#isLate;
  }

  /** Passes the body on once it is read, unless reading takes too long. */
  follow<T>(reading: Promise<T>, taker: BodyTaker<T>): Promise<Response> {
    this.#deadlines.add(this);
    return new Promise((resolve) => {
      this.#resolve = resolve;
      reading.then((read) => {
        this.#deadlines.delete(this);
        if (!this.#isLate) resolve(taker.take(read));
      }, (error) => {
        this.#deadlines.delete(this);
        if (!this.#isLate) resolve(this.fail(error));
      });
    });
  }

  /** The response if reading fails. */
  fail(error: unknown): Response {
    return this.#owner.fail(asProtocolError(error, this.#owner.headers));
  }

  late(error: ProtocolError): void {
    this.#isLate = true;
    this.onLate?.();
    this.#resolve?.(this.#owner.fail(error));
  }
}

/** Checks of an unfinished body within its time. */
const CHECKS = 16;

/**
 * The time limit of all bodies. Nearly all bodies arrive with their headers, so a body has no timer
 * of its own, which would slow down quick calls. While any body is pending, all are checked
 * periodically, and a body that was seen too often is late.
 */
export class BodyDeadlines extends TimerEntry {
  readonly #timeoutMs: number;
  readonly #wheel: TimerWheel;
  /** The head of a linked list: a set that is added to and taken from for every request spends
   * a twentieth of a quick call on its own upkeep. */
  #newest: PendingBody | undefined;

  /** @param timeoutMs time for a body; it is cut off at up to a sixteenth more */
  constructor(timeoutMs: number, wheel: TimerWheel) {
    super();
    this.#timeoutMs = timeoutMs;
    this.#wheel = wheel;
  }

  add(reading: PendingBody): void {
    reading.behind = this.#newest;
    if (this.#newest !== undefined) this.#newest.before = reading;
    this.#newest = reading;
    if (!this.isScheduled) this.#wheel.schedule(this, this.#timeoutMs / CHECKS);
  }

  delete(reading: PendingBody): void {
    const { before, behind } = reading;
    if (before !== undefined) before.behind = behind;
    else if (this.#newest === reading) this.#newest = behind;
    if (behind !== undefined) behind.before = before;
    reading.before = reading.behind = undefined;
  }

  /** Called by the timer wheel. */
  onDue(): void {
    let reading = this.#newest;
    while (reading !== undefined) {
      const next = reading.behind;
      // The first look came at any time, so one more than fits in the time makes it late.
      if (++reading.looks > CHECKS) {
        this.delete(reading);
        reading.late(this.#lateness());
      }
      reading = next;
    }
    if (this.#newest !== undefined) this.#wheel.schedule(this, this.#timeoutMs / CHECKS);
  }

  #lateness(): ProtocolError {
    return new ProtocolError(
      "body_timeout",
      `The body did not arrive within ${this.#timeoutMs} ms (MCP_BODY_TIMEOUT_MS)`,
      { headers: { connection: "close" } },
    );
  }
}
