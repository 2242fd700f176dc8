/**
 * One session of Streamable HTTP (2025-11-25): each message is a POST, answered as JSON or by a
 * stream of its own; a GET is the stream of the session; DELETE ends it.
 *
 * @module
 */
import { Channel, EVENT_STREAM_TYPE, RequestRefused } from "./channel.js";
import { initialize, INITIALIZED, post, sessionlessRequest } from "./legacy_client.js";

/** @typedef {import("./channel.js").Connection} Connection */

const VERSION = "2025-11-25";
const SESSION_HEADER = "Mcp-Session-Id";
/** Time before a stream that has ended by plan is opened again. */
const REOPEN_MS = 1_000;
const METHOD_NOT_ALLOWED = 405;

/** @implements {Connection} */
export class StreamableConnection {
  id = "";
  #channel;
  #lastEventId = "";

  /**
   * @param {import("./channel.js").Target} target
   * @param {import("./channel.js").ConnectionListener} listener
   */
  constructor(target, listener) {
    this.#channel = new Channel(target, listener);
  }

  /** @param {object} [first] */
  async run(first) {
    return await this.#channel.run(async () => {
      const response = await this.#channel.fetch(post(initialize(VERSION)));
      this.id = response.headers.get(SESSION_HEADER) ?? "";
      await this.#channel.deliver(response);
      await this.send(INITIALIZED);
      this.#channel.opened();
      if (first !== undefined) void this.send(first).catch(() => {});
      await this.#listen();
    });
  }

  /** @param {object} message */
  async send(message) {
    const response = await this.#channel.fetch(post(message, this.#headers));
    // The answer may be a stream that lasts as long as a call; what it brings is passed on.
    void this.#channel.deliver(response).catch(() => {});
  }

  async disconnect() {
    const end = { reason: this.id === "" ? "stopped" : "disconnected" };
    if (this.id !== "") {
      const bye = this.#channel.fetch({ method: "DELETE", headers: this.#headers });
      await bye.catch(() => {});
    }
    this.#channel.stop(end);
  }

  /** @param {any} message */
  standalone(message) {
    return sessionlessRequest(this.#channel, message);
  }

  get #headers() {
    return {
      "MCP-Protocol-Version": VERSION,
      ...(this.id !== "" && { [SESSION_HEADER]: this.id }),
    };
  }

  /** Reads the stream of the session, and opens it again from where it ended. */
  async #listen() {
    while (this.#channel.end === undefined) {
      const stream = await this.#openStream();
      await this.#channel.read(stream, ({ id }) => this.#lastEventId = id || this.#lastEventId);
      await new Promise((resolve) => setTimeout(resolve, REOPEN_MS));
    }
  }

  async #openStream() {
    try {
      return await this.#channel.open({
        method: "GET",
        headers: {
          ...this.#headers,
          Accept: EVENT_STREAM_TYPE,
          ...(this.#lastEventId !== "" && { "Last-Event-ID": this.#lastEventId }),
        },
      });
    } catch (error) {
      // A server may have nothing to say by itself; the session is open all the same.
      const isWithoutStream = error instanceof RequestRefused &&
        error.status === METHOD_NOT_ALLOWED;
      if (!isWithoutStream) throw error;
      return new Response(new ReadableStream());
    }
  }
}
