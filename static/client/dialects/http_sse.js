/**
 * One connection in the dialect of 2024-11-05: a GET opens the stream, its first event names where
 * to POST, and all answers come on the stream.
 *
 * @module
 */
import { tryParse } from "../../shared/json.js";
import { Channel, EVENT_STREAM_TYPE } from "./channel.js";
import { initialize, INITIALIZED, post, sessionlessRequest } from "./legacy_client.js";

/** @typedef {import("./channel.js").Connection} Connection */

const VERSION = "2024-11-05";
const ID_PARAM = "connection_id";

/** @implements {Connection} */
export class HttpSseConnection {
  id = "";
  #channel;
  #endpoint = "";

  /**
   * @param {import("./channel.js").Target} target
   * @param {import("./channel.js").ConnectionListener} listener
   */
  constructor(target, listener) {
    this.#channel = new Channel(target, listener);
  }

  async run() {
    const { url } = this.#channel;
    return await this.#channel.run(async () => {
      const headers = { Accept: EVENT_STREAM_TYPE };
      const response = await this.#channel.open({ method: "GET", headers });
      await this.#channel.read(response, ({ event, data }) => {
        if (event === "endpoint") void this.#begin(new URL(data, url));
        else if (tryParse(data)?.id === "init") void this.#initialized();
      });
    });
  }

  /** @param {object} message */
  async send(message) {
    await this.#channel.fetch({ url: this.#endpoint, ...post(message) });
  }

  async disconnect() {
    this.#channel.stop({ reason: this.id === "" ? "stopped" : "disconnected" });
    await Promise.resolve();
  }

  /** @param {any} message */
  standalone(message) {
    return sessionlessRequest(this.#channel, message);
  }

  /** @param {URL} endpoint */
  async #begin(endpoint) {
    // Messages and the token go only to this server, even if the stream names another one.
    if (endpoint.origin !== new URL(this.#channel.url).origin) {
      const detail = `The endpoint event names another server: ${endpoint.origin}`;
      return this.#channel.stop({ reason: "refused", detail });
    }
    this.#endpoint = endpoint.href;
    this.id = endpoint.searchParams.get(ID_PARAM) ?? "";
    await this.#sendOrStop(initialize(VERSION));
  }

  async #initialized() {
    await this.#sendOrStop(INITIALIZED);
    this.#channel.opened();
  }

  /** @param {object} message */
  async #sendOrStop(message) {
    try {
      await this.send(message);
    } catch (error) {
      this.#channel.stop({ reason: "refused", detail: String(error) });
    }
  }
}
