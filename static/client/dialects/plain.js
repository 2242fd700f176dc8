/**
 * One connection in the plain dialect: a POST with the stream as its response, further POSTs that
 * name the stream, and a DELETE that ends it.
 *
 * @module
 */
import { tryParse } from "../../shared/json.js";
import { Channel, EVENT_STREAM_TYPE, JSON_TYPE } from "./channel.js";
import { initialize, sessionlessRequest } from "./legacy_client.js";

/** @typedef {import("./channel.js").Connection} Connection */

/** Time for the stream to end after DELETE (ms). */
const END_TIMEOUT_MS = 2_000;
const ID_HEADER = "Mcp-Connection-Id";
const VERSION = "2025-11-25";

/** @implements {Connection} */
export class PlainConnection {
  id = "";
  #channel;

  /**
   * @param {import("./channel.js").Target} target
   * @param {import("./channel.js").ConnectionListener} listener
   */
  constructor(target, listener) {
    this.#channel = new Channel(target, listener);
  }

  /** @param {any} [message] */
  async run(message) {
    return await this.#channel.run(async () => {
      const response = await this.#channel.open({
        method: "POST",
        headers: {
          Accept: EVENT_STREAM_TYPE,
          ...(message !== undefined && { "Content-Type": JSON_TYPE }),
        },
        ...(message !== undefined && { body: JSON.stringify(message) }),
      });
      this.id = response.headers.get(ID_HEADER) ?? "";
      this.#channel.opened();
      // Says what this client can do, so that tools may ask it.
      if (message?.method !== "initialize") this.send(initialize(VERSION)).catch(() => {});
      await this.#channel.read(response, ({ event, data }) => {
        if (event === "close") this.#channel.end ??= { reason: closeReason(data) };
      });
    });
  }

  /** @param {object} message */
  async send(message) {
    await this.#channel.fetch({
      method: "POST",
      headers: { "Content-Type": JSON_TYPE, [ID_HEADER]: this.id },
      body: JSON.stringify(message),
    });
  }

  /** Asks the server to end the stream; ends it here when the server does not. */
  async disconnect() {
    const giveUp = () => this.#channel.stop({ reason: "disconnected" });
    if (this.id === "") return this.#channel.stop({ reason: "stopped" });
    try {
      await this.#channel.fetch({ method: "DELETE", headers: { [ID_HEADER]: this.id } });
      setTimeout(giveUp, END_TIMEOUT_MS);
    } catch {
      giveUp();
    }
  }

  /** @param {any} message */
  standalone(message) {
    return sessionlessRequest(this.#channel, message);
  }
}

/** @param {string} data */
function closeReason(data) {
  return String(tryParse(data)?.data?.reason ?? "error");
}
