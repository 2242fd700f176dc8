/**
 * Reading a request's body: the right type, not too large, not too slow.
 *
 * @module
 */
import { ProtocolError } from "../base/errors.ts";
import type { MaybePromise } from "../base/promises.ts";
import { memoize } from "../base/memoize.ts";
import { TimerEntry, type TimerWheel } from "../base/timer_wheel.ts";
import { invalidJsonError, parseJson } from "../wire/json_rpc.ts";
import { CONTENT_ENCODING } from "../wire/headers.ts";
import { isJsonContentType } from "../wire/media_types.ts";

/** How large and how slow a body may be. */
export interface BodyLimits {
  /** `MCP_MAX_BODY_BYTES` */
  readonly maxBodyBytes: number;
  readonly deadlines: BodyDeadlines;
}

/** A request whose body is to be read, and which then answers. Neither method may throw or reject. */
export interface BodyConsumer {
  readonly request: Request;
  readonly headers: Headers;
  /** The header `Content-Type`. */
  readonly contentType: string | null;
  /** The header `Content-Length`. */
  readonly contentLength: string | null;
  /** @param body its JSON value, undefined where there is none */
  take(body: unknown): MaybePromise<Response>;
  /** Called instead when the body cannot be had. */
  fail(error: ProtocolError): Response;
}

/**
 * Reads the body of a request and hands it on.
 *
 * @returns what the request answers to it, or to the {@linkcode ProtocolError} `body_too_large`,
 * `body_timeout` or `parse_error`
 * @throws {ProtocolError} `unsupported_media_type`, or `body_too_large` before any of it is read
 */
export function readBody(owner: BodyConsumer, limits: BodyLimits): MaybePromise<Response> {
  const { request, contentLength: declared } = owner;
  // Looking at `body` makes a stream of it, which costs more than all the rest of a quick call.
  if (declared === "0" || (declared === null && request.body === null)) {
    return owner.take(undefined);
  }
  if (declared !== null && lengthOf(declared) > limits.maxBodyBytes) throw tooLarge(limits);
  const type = owner.contentType;
  if (type === null || !isJsonContentType(type)) {
    throw new ProtocolError(
      "unsupported_media_type",
      `Unsupported Content-Type ${type === null ? "(none)" : JSON.stringify(type)}: ` +
        "send the JSON-RPC message as application/json in UTF-8",
    );
  }
  const reading = new PendingBody(owner, limits.deadlines);
  // A body of declared length cannot grow, so the runtime may read it in one go; as JSON, because
  // for that alone Deno has a short way, and its text would cost 1 µs more. A byte order mark, which
  // JSON on the network must not have, is a fault there; read by hand, it is passed over.
  return reading.follow(
    declared === null ? readCounted(request.body!, limits, reading) : request.json(),
  );
}

/** To make a number of a text costs more than to compare it with the last. */
const lengthOf = memoize(Number);

/** A body on its way, linked to those before and behind it. */
class PendingBody {
  before: PendingBody | undefined;
  behind: PendingBody | undefined;
  /** Stops the reading when it takes too long. */
  onLate: (() => void) | undefined;
  /** Looks that the deadlines took since it began. */
  looks = 0;
  readonly #owner: BodyConsumer;
  readonly #deadlines: BodyDeadlines;
  /** What comes after its client was told that it is late is not used any more. */
  #isLate = false;
  #resolve: ((result: MaybePromise<Response>) => void) | undefined;

  constructor(owner: BodyConsumer, deadlines: BodyDeadlines) {
    this.#owner = owner;
    this.#deadlines = deadlines;
  }

  /** Hands on the value that is read, unless that takes too long. */
  follow(reading: Promise<unknown>): Promise<Response> {
    this.#deadlines.add(this);
    return new Promise((resolve) => {
      this.#resolve = resolve;
      reading.then((value) => {
        this.#deadlines.delete(this);
        if (!this.#isLate) resolve(this.#owner.take(value));
      }, (error) => {
        this.#deadlines.delete(this);
        if (!this.#isLate) resolve(this.#owner.fail(asProtocolError(error, this.#owner.headers)));
      });
    });
  }

  late(error: ProtocolError): void {
    this.#isLate = true;
    this.onLate?.();
    this.#resolve?.(this.#owner.fail(error));
  }
}

/** Looks at the bodies on their way, so many times within the time each has. */
const CHECKS = 16;

/**
 * The time limit of all bodies. Nearly all arrive with their headers, so a body gets no timer of
 * its own, which would cost a quick call a tenth of its speed: while any is on its way, all are
 * looked at now and then, and one that has been seen too often is late.
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

async function readCounted(
  body: ReadableStream<Uint8Array>,
  limits: BodyLimits,
  reading: PendingBody,
): Promise<unknown> {
  const reader = body.getReader();
  reading.onLate = () => void reader.cancel().catch(() => {});
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
    bytes += chunk.value.byteLength;
    if (bytes > limits.maxBodyBytes) {
      void reader.cancel().catch(() => {});
      throw tooLarge(limits);
    }
    text += decoder.decode(chunk.value, { stream: true });
  }
  text += decoder.decode();
  return text === "" ? undefined : parseJson(text);
}

function asProtocolError(error: unknown, headers: Headers): ProtocolError {
  const fault = error instanceof SyntaxError ? invalidJsonError(error) : error;
  if (!(fault instanceof ProtocolError)) {
    return new ProtocolError("parse_error", "The body could not be read to its end", {
      cause: error,
    });
  }
  // A compressed body reads like broken JSON; looked at only then, as each header costs time.
  const encoding = fault.kind === "parse_error" ? headers.get(CONTENT_ENCODING) : null;
  return encoding === null ? fault : compressed(encoding);
}

function compressed(encoding: string): ProtocolError {
  return new ProtocolError(
    "unsupported_media_type",
    `Unsupported Content-Encoding ${JSON.stringify(encoding.slice(0, 40))}: send the body as it ` +
      "is, without Content-Encoding",
    { headers: { "accept-encoding": "identity" } },
  );
}

function tooLarge({ maxBodyBytes }: BodyLimits): ProtocolError {
  return new ProtocolError(
    "body_too_large",
    `The body is larger than ${maxBodyBytes} bytes (MCP_MAX_BODY_BYTES)`,
    { headers: { connection: "close" } },
  );
}
