/**
 * The HTTP half of a connection, which all dialects share: requests with the page's token, answers
 * that are JSON or a stream, and one reason for the end.
 *
 * @module
 */
import { tryParse } from "../../shared/json.js";
import { readRefusal } from "../../shared/refusal.js";
import { SseParser } from "../../shared/sse_parser.js";
import { SignInError } from "../sign_in/ask.js";

/**
 * @typedef {import("../../shared/sse_parser.js").SseEvent} SseEvent
 * @typedef {import("./curl.js").HttpRequest} HttpRequest
 * @typedef {import("../sign_in/credential.js").Credential} Credential
 * @typedef {{ reason: string, detail?: string, retryAfterMs?: number }} StreamEnd
 *
 * @typedef {object} ConnectionListener
 * @property {(request: HttpRequest) => void} onRequest
 * @property {() => void} onOpen
 * @property {(event: SseEvent, at: number) => void} onEvent `at` in monotonic ms
 * @property {(at: number) => void} onKeepalive a comment came
 * @property {(bytes: number) => void} onBytes
 * @property {(id: string) => void} onAnswerEnd the answer to a request with that id has ended; where
 *   it did not hold the response, the response is lost
 *
 * @typedef {object} Connection one connection in some dialect
 * @property {string} id as the server names it; empty until it is known
 * @property {(first?: object) => Promise<StreamEnd>} run opens it and reads to its end; never
 *   rejects. Where a request opens a connection, that is the first one
 * @property {(message: any) => Promise<void>} send a further message; rejects with a `RequestRefused`
 * @property {() => Promise<void>} disconnect
 * @property {(message: any) => HttpRequest} standalone the request that asks the same without this
 *   connection, and is answered as JSON
 *
 * @typedef {{ url: string, credential?: Credential | undefined }} Target
 */

/** The server refused a request, or answered in a wrong form. */
export class RequestRefused extends Error {
  /** @param {Response} response @param {string} message */
  constructor(response, message) {
    super(message);
    this.status = response.status;
    const seconds = Number(response.headers.get("retry-after"));
    this.retryAfterMs = seconds > 0 ? seconds * 1000 : undefined;
  }
}

export const JSON_TYPE = "application/json";
export const EVENT_STREAM_TYPE = "text/event-stream";
/** The media types that an MCP client accepts. */
export const BOTH_TYPES = `${JSON_TYPE}, ${EVENT_STREAM_TYPE}`;
/** Time for the headers; browsers allow six connections to a host, and a seventh waits (ms). */
const OPEN_TIMEOUT_MS = 10_000;
const UNAUTHORIZED = 401;

export class Channel {
  /** @type {StreamEnd | undefined} */
  end;
  #target;
  #listener;
  #abort = new AbortController();
  #isOpen = false;

  /** @param {Target} target @param {ConnectionListener} listener */
  constructor(target, listener) {
    this.#target = target;
    this.#listener = listener;
  }

  get url() {
    return this.#target.url;
  }

  /**
   * Runs a connection to its end.
   *
   * @param {() => Promise<void>} work opens it and reads it
   * @returns {Promise<StreamEnd>}
   */
  async run(work) {
    try {
      await work();
      this.end ??= { reason: "network lost" };
    } catch (error) {
      this.end ??= toStreamEnd(error, this.#isOpen);
    }
    this.#abort.abort();
    return this.end;
  }

  /** The connection is ready for requests. */
  opened() {
    this.#isOpen = true;
    this.#listener.onOpen();
  }

  /**
   * Ends it from this side.
   *
   * @param {StreamEnd} end
   */
  stop(end) {
    this.end ??= end;
    this.#abort.abort();
  }

  /**
   * Sends a request that opens a stream, with a time limit for its headers.
   *
   * @param {Omit<HttpRequest, "url">} init
   * @returns {Promise<Response>}
   */
  async open(init) {
    const timer = setTimeout(() => {
      const detail = `No answer within ${OPEN_TIMEOUT_MS / 1000} s. Close other tabs with a ` +
        "connection to this server: browsers allow six to a host.";
      this.stop({ reason: "no answer", detail });
    }, OPEN_TIMEOUT_MS);
    try {
      const response = await this.fetch(init);
      const type = response.headers.get("content-type") ?? "nothing";
      if (type.startsWith(EVENT_STREAM_TYPE)) return response;
      throw new RequestRefused(response, `The answer is ${type}, not an event stream`);
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * @param {Omit<HttpRequest, "url"> & { url?: string }} init
   * @param {AbortSignal} [signal] of this request alone
   * @returns {Promise<Response>}
   * @throws {RequestRefused}
   */
  async fetch(init, signal) {
    const request = { url: this.url, ...init };
    this.#listener.onRequest(this.withToken(request));
    const { credential } = this.#target;
    const token = await credential?.fresh();
    let response = await this.#send(withBearer(request, token), signal);
    if (response.status === UNAUTHORIZED) {
      const renewed = await credential?.renew(token);
      if (renewed !== undefined) {
        await response.body?.cancel();
        response = await this.#send(withBearer(request, renewed), signal);
      }
    }
    if (response.ok) return response;
    throw new RequestRefused(response, await refusalText(response));
  }

  /** @param {HttpRequest} request @param {AbortSignal} [signal] */
  #send({ url, ...init }, signal) {
    const signals = signal === undefined ? [] : [signal];
    return fetch(url, {
      ...init,
      cache: "no-store",
      signal: AbortSignal.any([this.#abort.signal, ...signals]),
    });
  }

  /**
   * Passes on the contents of an answer: a JSON message, or the events of a stream until its end.
   *
   * @param {Response} response
   * @param {(event: SseEvent) => void} [onEvent] sees each event before it is passed on
   */
  async deliver(response, onEvent = () => {}) {
    const type = response.headers.get("content-type") ?? "";
    if (type.startsWith(EVENT_STREAM_TYPE)) return await this.#readEvents(response, onEvent);
    const text = await response.text();
    this.#listener.onBytes(text.length);
    if (text !== "") this.emit({ event: "message", data: text, id: "" });
  }

  /**
   * Reads the stream that keeps the connection open to its end.
   *
   * @param {Response} response
   * @param {(event: SseEvent) => void} [onEvent] sees each event before it is passed on
   */
  async read(response, onEvent = () => {}) {
    const onComment = () => this.#listener.onKeepalive(performance.now());
    await this.#readEvents(response, onEvent, onComment);
  }

  /** @param {Response} response @param {(event: SseEvent) => void} onEvent @param {() => void} [onComment] */
  async #readEvents(response, onEvent, onComment) {
    const parser = new SseParser((event) => {
      onEvent(event);
      // An event without data carries only an id for a later resumption.
      if (event.data !== "") this.emit(event);
    }, onComment);
    const decoder = new TextDecoder();
    const reader = /** @type {ReadableStream<Uint8Array>} */ (response.body).getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      this.#listener.onBytes(part.value.byteLength);
      parser.feed(decoder.decode(part.value, { stream: true }));
    }
  }

  /** An answer has ended. @param {string | undefined} id of the request, where it was one */
  answerEnded(id) {
    if (id !== undefined) this.#listener.onAnswerEnd(id);
  }

  /** @param {SseEvent} event */
  emit(event) {
    this.#listener.onEvent(event, performance.now());
  }

  /** @param {HttpRequest} request @returns {HttpRequest} */
  withToken(request) {
    return withBearer(request, this.#target.credential?.token);
  }
}

/** @param {HttpRequest} request @param {string | undefined} token @returns {HttpRequest} */
function withBearer({ headers, ...request }, token) {
  const authorization = token === undefined ? {} : { Authorization: `Bearer ${token}` };
  return { ...request, headers: { ...authorization, ...headers } };
}

/** A message without what only makes sense while somebody listens. @param {any} message */
export function withoutProgress(message) {
  const { _meta: { progressToken: _, ...meta } = {}, ...params } = message.params ?? {};
  const isEmpty = Object.keys(params).length === 0 && Object.keys(meta).length === 0;
  if (isEmpty && message.params === undefined) return message;
  return {
    ...message,
    params: { ...params, ...(Object.keys(meta).length > 0 && { _meta: meta }) },
  };
}

/** The first message of an answer that is JSON. @param {string} text */
export function requireResult(text) {
  const message = tryParse(text);
  if (message?.result !== undefined) return message.result;
  throw new Error(message?.error?.message ?? "The answer is not a JSON-RPC response");
}

/** @param {Response} response */
async function refusalText(response) {
  const refusal = readRefusal(await response.text());
  return refusal === undefined
    ? `${response.status} ${response.statusText}`
    : `${response.status}: ${refusal.message}`;
}

/** @param {unknown} error @param {boolean} wasOpen @returns {StreamEnd} */
function toStreamEnd(error, wasOpen) {
  const detail = error instanceof Error ? error.message : String(error);
  if (error instanceof RequestRefused) {
    const { retryAfterMs } = error;
    return { reason: "refused", detail, ...(retryAfterMs && { retryAfterMs }) };
  }
  if (error instanceof SignInError) return { reason: "refused", detail };
  if (error instanceof RangeError) return { reason: "event too long", detail };
  return { reason: wasOpen ? "network lost" : "no answer", detail };
}
