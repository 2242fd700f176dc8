/**
 * One session of Streamable HTTP (2025-11-25): each message is a POST, answered as JSON or by a
 * separate stream; a GET opens the session's own stream; DELETE ends the session.
 *
 * @module
 */
import { tryParse } from "../../shared/json.js";
import { Channel, EVENT_STREAM_TYPE, RequestRefused } from "./channel.js";
import { initialize, INITIALIZED, post, sessionlessRequest } from "./legacy_client.js";

/** @typedef {import("./channel.js").Connection} Connection */

const VERSION = "2025-11-25";
const SESSION_HEADER = "Mcp-Session-Id";
/** Time before a stream that has ended by plan is opened again. */
const REOPEN_MS = 1_000;
/** How often the stream of one answer is opened again. */
const MAX_RESUMPTIONS = 5;
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

  async run() {
    return await this.#channel.run(async () => {
      const response = await this.#channel.fetch(post(initialize(VERSION)));
      this.id = response.headers.get(SESSION_HEADER) ?? "";
      await this.#channel.deliver(response);
      await this.send(INITIALIZED);
      this.#channel.opened();
      await this.#listen();
    });
  }

  /** @param {any} message */
  async send(message) {
    const response = await this.#channel.fetch(post(message, this.#headers));
    // The answer may be a stream that lasts as long as a call; its messages are passed on.
    void this.#deliver(response, message.id);
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

  /**
   * Reads an answer. A stream that ends before its response is opened again from its last event.
   *
   * @param {Response} first
   * @param {string | undefined} id of the request
   */
  async #deliver(first, id) {
    let lastEventId = "";
    let isAnswered = id === undefined;
    /** @type {Response | undefined} */
    let response = first;
    for (let i = 0; response !== undefined; i++) {
      await this.#channel.deliver(response, (event) => {
        lastEventId = event.id || lastEventId;
        const message = tryParse(event.data);
        isAnswered ||= message?.id === id && message.method === undefined;
      }).catch(() => {});
      const isResumed = !isAnswered && lastEventId !== "" && i < MAX_RESUMPTIONS;
      response = isResumed ? await this.#resume(lastEventId) : undefined;
    }
    this.#channel.answerEnded(id);
  }

  /** @param {string} lastEventId @returns {Promise<Response | undefined>} undefined where it is refused */
  async #resume(lastEventId) {
    await new Promise((resolve) => setTimeout(resolve, REOPEN_MS));
    const headers = { ...this.#headers, Accept: EVENT_STREAM_TYPE, "Last-Event-ID": lastEventId };
    return await this.#channel.open({ method: "GET", headers }).catch(() => undefined);
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
      // A server may offer no GET stream. The session works without it.
      const isWithoutStream = error instanceof RequestRefused &&
        error.status === METHOD_NOT_ALLOWED;
      if (!isWithoutStream) throw error;
      return new Response(new ReadableStream());
    }
  }
}
