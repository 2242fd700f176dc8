/**
 * The dialect of 2026-07-28, without sessions: each request carries everything that the server needs.
 * `subscriptions/listen` is the stream for changes.
 *
 * @module
 */
import { tryParse } from "../../shared/json.js";
import { BOTH_TYPES, Channel, JSON_TYPE, withoutProgress } from "./channel.js";
import { CAPABILITIES, CLIENT_INFO } from "./legacy_client.js";
import { HeaderParams, headersFor } from "./modern_headers.js";

/** @typedef {import("./channel.js").Connection} Connection */

const VERSION = "2026-07-28";
const META = {
  "io.modelcontextprotocol/protocolVersion": VERSION,
  "io.modelcontextprotocol/clientCapabilities": CAPABILITIES,
  "io.modelcontextprotocol/clientInfo": CLIENT_INFO,
  "io.modelcontextprotocol/logLevel": "debug",
};
const LISTEN = {
  jsonrpc: "2.0",
  id: "listen",
  method: "subscriptions/listen",
  params: {
    notifications: { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true },
  },
};

/** @implements {Connection} */
export class ModernConnection {
  id = "";
  #channel;
  #params = new HeaderParams();
  /** Requests that wait for their answers, by id. @type {Map<string, AbortController>} */
  #waiting = new Map();

  /**
   * @param {import("./channel.js").Target} target
   * @param {import("./channel.js").ConnectionListener} listener
   */
  constructor(target, listener) {
    this.#channel = new Channel(target, {
      ...listener,
      onEvent: (event, at) => {
        this.#params.learn(tryParse(event.data));
        listener.onEvent(event, at);
      },
    });
  }

  async run() {
    return await this.#channel.run(async () => {
      const stream = await this.#channel.open(this.#request(LISTEN, BOTH_TYPES));
      this.id = LISTEN.id;
      this.#channel.opened();
      await this.#channel.read(stream, ({ data }) => {
        // The answer to `listen` says that the server ends the stream.
        if (tryParse(data)?.id === LISTEN.id) this.#channel.end ??= { reason: "ended by server" };
      });
    });
  }

  /** @param {any} message */
  async send(message) {
    // Over HTTP a client cancels a request by closing its response.
    if (message.method === "notifications/cancelled") {
      return this.#waiting.get(message.params.requestId)?.abort();
    }
    const abort = new AbortController();
    this.#waiting.set(message.id, abort);
    try {
      const request = this.#request(message, BOTH_TYPES);
      const response = await this.#channel.fetch(request, abort.signal);
      void this.#deliver(response, message.id);
    } catch (error) {
      this.#waiting.delete(message.id);
      throw error;
    }
  }

  /** @param {Response} response @param {string} id */
  async #deliver(response, id) {
    // An answer that breaks off brings no response.
    await this.#channel.deliver(response).catch(() => {});
    this.#waiting.delete(id);
    this.#channel.answerEnded(id);
  }

  async disconnect() {
    this.#channel.stop({ reason: this.id === "" ? "stopped" : "disconnected" });
    await Promise.resolve();
  }

  /** @param {any} message */
  standalone(message) {
    const request = this.#request(withoutProgress(message), JSON_TYPE);
    return this.#channel.withToken({ url: this.#channel.url, ...request });
  }

  /** @param {any} message @param {string} accept */
  #request(message, accept) {
    const params = { ...message.params, _meta: { ...META, ...message.params?._meta } };
    return {
      method: "POST",
      headers: {
        "Content-Type": JSON_TYPE,
        Accept: accept,
        "MCP-Protocol-Version": VERSION,
        ...headersFor(message, this.#params),
      },
      body: JSON.stringify({ ...message, params }),
    };
  }
}
