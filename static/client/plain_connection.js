/**
 * One connection in the plain dialect: a POST whose response is the stream, further POSTs that
 * name it, a DELETE that ends it.
 *
 * @module
 */
import { tryParse } from "../shared/json.js";
import { readRefusal } from "../shared/refusal.js";
import { SseParser } from "../shared/sse_parser.js";

/**
 * @typedef {import("../shared/sse_parser.js").SseEvent} SseEvent
 * @typedef {import("./curl.js").HttpRequest} HttpRequest
 * @typedef {{ reason: string, detail?: string, retryAfterMs?: number }} StreamEnd
 * @typedef {object} ConnectionListener
 * @property {(request: HttpRequest) => void} onRequest
 * @property {(id: string) => void} onOpen
 * @property {(event: SseEvent, at: number) => void} onEvent `at` in monotonic ms
 * @property {(bytes: number) => void} onBytes
 */

/** An HTTP answer that is not what was hoped for. */
export class RequestRefused extends Error {
  /** @param {Response} response @param {string} message */
  constructor(response, message) {
    super(message);
    this.status = response.status;
    const seconds = Number(response.headers.get("retry-after"));
    this.retryAfterMs = seconds > 0 ? seconds * 1000 : undefined;
  }
}

/** Time for the response's headers; browsers allow six connections to a host, the seventh waits. */
const OPEN_TIMEOUT_MS = 10_000;
/** Time for the stream to end once the server has agreed to. */
const END_TIMEOUT_MS = 2_000;
const ID_HEADER = "Mcp-Connection-Id";
const JSON_TYPE = "application/json";

export class PlainConnection {
  id = "";
  #url;
  #listener;
  #abort = new AbortController();
  /** @type {StreamEnd | undefined} */
  #end;

  /**
   * @param {string} url
   * @param {ConnectionListener} listener
   */
  constructor(url, listener) {
    this.#url = url;
    this.#listener = listener;
  }

  /**
   * Opens the stream and reads it to its end. Never rejects.
   *
   * @param {object} [message] the first request
   * @returns {Promise<StreamEnd>}
   */
  async run(message) {
    try {
      const response = await this.#open(message);
      this.id = response.headers.get(ID_HEADER) ?? "";
      this.#listener.onOpen(this.id);
      await this.#read(response);
      return this.#end ?? { reason: "network lost" };
    } catch (error) {
      this.#abort.abort();
      return this.#end ?? toStreamEnd(error, this.id !== "");
    }
  }

  /**
   * Sends a further message; what it brings comes on the stream.
   *
   * @param {object} message
   * @throws {RequestRefused}
   */
  async send(message) {
    await this.#fetch({
      method: "POST",
      headers: { "Content-Type": JSON_TYPE, [ID_HEADER]: this.id },
      body: JSON.stringify(message),
    });
  }

  /** Asks the server to end the stream; ends it here when the server does not. */
  async disconnect() {
    const giveUp = () => this.stop("disconnected");
    if (this.id === "") return this.stop("stopped");
    try {
      await this.#fetch({ method: "DELETE", headers: { [ID_HEADER]: this.id } });
      setTimeout(giveUp, END_TIMEOUT_MS);
    } catch {
      giveUp();
    }
  }

  /**
   * Ends it from this side.
   *
   * @param {string} reason
   */
  stop(reason) {
    this.#end ??= { reason };
    this.#abort.abort();
  }

  /** @param {object} [message] */
  async #open(message) {
    const timer = setTimeout(() => {
      const detail = `No answer within ${OPEN_TIMEOUT_MS / 1000} s. Close other tabs with a ` +
        "connection to this server: browsers allow six to a host.";
      this.#end ??= { reason: "no answer", detail };
      this.#abort.abort();
    }, OPEN_TIMEOUT_MS);
    try {
      const response = await this.#fetch({
        method: "POST",
        headers: {
          Accept: "text/event-stream",
          ...(message !== undefined && { "Content-Type": JSON_TYPE }),
        },
        ...(message !== undefined && { body: JSON.stringify(message) }),
      });
      const type = response.headers.get("content-type") ?? "nothing";
      if (type.startsWith("text/event-stream")) return response;
      throw new RequestRefused(response, `The answer is ${type}, not an event stream`);
    } finally {
      clearTimeout(timer);
    }
  }

  /** @param {Response} response */
  async #read(response) {
    const parser = new SseParser((event) => {
      if (event.event === "close") this.#end ??= { reason: closeReason(event.data) };
      this.#listener.onEvent(event, performance.now());
    });
    const decoder = new TextDecoder();
    const reader = /** @type {ReadableStream<Uint8Array>} */ (response.body).getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      this.#listener.onBytes(part.value.byteLength);
      parser.feed(decoder.decode(part.value, { stream: true }));
    }
  }

  /** @param {{ method: string, headers: Record<string, string>, body?: string }} init */
  async #fetch(init) {
    this.#listener.onRequest({ ...init, url: this.#url });
    const response = await fetch(this.#url, {
      ...init,
      cache: "no-store",
      signal: this.#abort.signal,
    });
    if (response.ok) return response;
    throw new RequestRefused(response, await refusalText(response));
  }
}

/** @param {string} data */
function closeReason(data) {
  return String(tryParse(data)?.data?.reason ?? "error");
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
  if (error instanceof RangeError) return { reason: "event too long", detail };
  return { reason: wasOpen ? "network lost" : "no answer", detail };
}
