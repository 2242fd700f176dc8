/**
 * An event stream that remembers when each of its events and bytes came, up to a bound.
 *
 * @module
 */
import { tryParse } from "../../static/shared/json.js";
import { SseParser } from "../../static/shared/sse_parser.js";
import { ProbeError, tooMuch } from "./probe_error.js";
import { refusal, seconds, send } from "./request.js";

/**
 * @typedef {import("./request.js").ProbeContext} ProbeContext
 * @typedef {import("./request.js").ProbeRequest} ProbeRequest
 * @typedef {{ event: string, data: string, json: any, at: number }} TracedEvent
 *   `at` in ms since the request was sent; `json` is the data parsed, where it is JSON
 * @typedef {{ how: "ended" | "broken" | "left" | "flooded", at: number }} StreamEnd
 *   `ended`: a regular end; `broken`: in the middle of something; `left`: by the doctor itself;
 *   `flooded`: by the doctor, as it was sent more than it reads
 */

/** Most bytes and events that are read: on no stream of the doctor does much happen. */
const MAX_BYTES = 4 * 1024 * 1024;
const MAX_EVENTS = 10_000;

export class TracedStream {
  /** @type {TracedEvent[]} */
  events = [];
  comments = 0;
  bytes = 0;
  /** Ms from the request to the headers, and to the first byte of the body. */
  headersMs;
  firstByteMs = NaN;
  /** The longest time without a byte between two bytes, so far (ms). */
  longestGapMs = 0;
  /** @type {StreamEnd | undefined} */
  end;
  #lastByteAt = NaN;
  #startedAt;
  #response;
  #abort;
  #reader;
  #pumping;
  #parser = new SseParser((event) => this.#addEvent(event), () => this.comments++, {
    maxEventChars: MAX_BYTES,
  });
  /** @type {Set<() => void>} */
  #listeners = new Set();

  /**
   * @param {import("./request.js").ProbeResponse} sent
   * @param {number} startedAt
   */
  constructor({ response, ms, abort, signal }, startedAt) {
    this.#response = response;
    this.#abort = abort;
    this.#startedAt = startedAt;
    this.headersMs = ms;
    this.#reader = response.body?.getReader();
    signal.addEventListener("abort", () => this.#stop("left"), { once: true });
    this.#pumping = this.#pump();
  }

  /**
   * Sends a request whose answer is to be a stream, and waits for its first byte.
   *
   * @param {ProbeContext} context
   * @param {ProbeRequest} request
   * @throws {ProbeError}
   */
  static async open(context, request) {
    const startedAt = performance.now();
    const sent = await send(context, request);
    const { response, abort } = sent;
    if (!response.ok) throw await refusal(context, sent);
    const type = response.headers.get("content-type") ?? "no content type";
    if (!type.startsWith("text/event-stream")) {
      abort.abort();
      throw new ProbeError("wrong_answer", `status ${response.status} with ${type}, not a stream`);
    }
    const stream = new TracedStream(sent, startedAt);
    await stream.#firstByte(context.patienceMs);
    return stream;
  }

  get headers() {
    return this.#response.headers;
  }

  /** Ms since the request was sent. */
  get age() {
    return performance.now() - this.#startedAt;
  }

  /** Ms since the last byte; after the end, from the last byte to the end. */
  get silentMs() {
    return (this.end?.at ?? this.age) - this.#lastByteAt;
  }

  /**
   * The first event of which `test` is true, whenever it comes.
   *
   * @param {(event: TracedEvent) => boolean} test
   * @param {number} withinMs from now
   * @returns {Promise<TracedEvent | undefined>} undefined where it does not come in time
   */
  async find(test, withinMs) {
    await this.waitFor(() => this.events.some(test), withinMs);
    return this.events.find(test);
  }

  /**
   * Waits until `test` is true, the stream ends or the time is over.
   *
   * @param {() => boolean} test asked whenever something comes
   * @param {number} withinMs
   * @throws {ProbeError} `too_much`
   */
  async waitFor(test, withinMs) {
    if (!test() && this.end === undefined) {
      await new Promise((resolve) => {
        const done = () => {
          clearTimeout(timer);
          this.#listeners.delete(check);
          resolve(undefined);
        };
        const check = () => {
          if (test() || this.end !== undefined) done();
        };
        const timer = setTimeout(done, withinMs);
        this.#listeners.add(check);
      });
    }
    if (this.end?.how === "flooded") throw tooMuch("a stream on which little happens", MAX_BYTES);
  }

  /** Leaves the stream as a client does when its window is closed. */
  async leave() {
    this.#stop("left");
    await this.#pumping;
  }

  /** @param {"left" | "flooded"} how */
  #stop(how) {
    this.end ??= { how, at: this.age };
    this.#abort.abort();
    this.#reader?.cancel().catch(() => {});
    this.#notify();
  }

  /** @param {number} withinMs */
  async #firstByte(withinMs) {
    await this.waitFor(() => this.bytes > 0, withinMs);
    if (this.bytes > 0) return;
    const hasEnded = this.end !== undefined;
    await this.leave();
    throw hasEnded
      ? new ProbeError("cut", "the stream ended before its first byte")
      : new ProbeError("held", `headers, but no byte of the stream within ${seconds(withinMs)}`);
  }

  async #pump() {
    const reader = this.#reader;
    const decoder = new TextDecoder();
    try {
      for (let part = await reader?.read(); part?.value; part = await reader?.read()) {
        this.#addBytes(part.value.byteLength);
        this.#parser.feed(decoder.decode(part.value, { stream: true }));
        if (this.bytes > MAX_BYTES || this.events.length > MAX_EVENTS) this.#stop("flooded");
        this.#notify();
      }
      this.end ??= { how: "ended", at: this.age };
    } catch (error) {
      // The parser refuses an event that is too long.
      if (error instanceof RangeError) this.#stop("flooded");
      this.end ??= { how: "broken", at: this.age };
    }
    this.#notify();
  }

  /** @param {number} count */
  #addBytes(count) {
    const now = this.age;
    if (this.bytes === 0) this.firstByteMs = now;
    else this.longestGapMs = Math.max(this.longestGapMs, now - this.#lastByteAt);
    this.#lastByteAt = now;
    this.bytes += count;
  }

  /** @param {{ event: string, data: string }} event */
  #addEvent({ event, data }) {
    this.events.push({ event, data, json: tryParse(data), at: this.age });
  }

  #notify() {
    for (const check of [...this.#listeners]) check();
  }
}
