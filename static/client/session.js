/**
 * What the page talks to: one connection at a time, its calls, and coming back when it is lost.
 *
 * @module
 */
import { tryParse } from "../shared/json.js";
import { CallFailed, Calls } from "./calls.js";
import { explain } from "./close_reasons.js";
import { PlainConnection } from "./plain_connection.js";
import { describeEvent, describeSent } from "./summaries.js";

/**
 * @typedef {import("./calls.js").Call} Call
 * @typedef {import("./calls.js").Progress} Progress
 * @typedef {import("./curl.js").HttpRequest} HttpRequest
 * @typedef {import("./plain_connection.js").StreamEnd} StreamEnd
 * @typedef {{ method: string, params?: object | undefined }} Method
 * @typedef {{ url: string, first?: Method | undefined, reconnect: boolean }} Target
 *   `reconnect`: connect again by itself when the connection is lost
 * @typedef {{ phase: "idle" | "connecting" | "open" | "closing" }
 *   | { phase: "closed", end: StreamEnd, retryInMs?: number | undefined }} State
 * @typedef {{ kind: string, summary: string, data: string }} Entry
 * @typedef {{ count: number, at: number }} Ping
 * @typedef {object} SessionListener
 * @property {(state: State) => void} onState
 * @property {(entry: Entry) => void} onEntry
 * @property {(request: HttpRequest) => void} onRequest
 * @property {(call: Call) => void} onFirstCall the request that opens the stream
 * @property {(ping: Ping) => void} onPing
 */

const RETRY_MS = { first: 1_000, max: 30_000 };
/** A connection that has lived this long ends a row of failed attempts. */
const STEADY_MS = 10_000;

export class Session {
  bytes = 0;
  events = 0;
  openedAt = 0;
  #listener;
  #calls = new Calls();
  /** @type {PlainConnection | undefined} */
  #connection;
  /** @type {State} */
  #state = { phase: "idle" };
  #attempt = 0;
  #retryTimer = 0;

  /** @param {SessionListener} listener */
  constructor(listener) {
    this.#listener = listener;
  }

  get phase() {
    return this.#state.phase;
  }

  /** Whether there is neither a connection nor a plan to open one. */
  get isOver() {
    const state = this.#state;
    return state.phase === "idle" || state.phase === "closed" && state.retryInMs === undefined;
  }

  get connectionId() {
    return this.#connection?.id ?? "";
  }

  /**
   * Connects; a connection that is there is left first.
   *
   * @param {Target} target
   */
  connect(target) {
    this.#attempt = 0;
    void this.#run(target);
  }

  /** Ends the connection, or the wait for the next. */
  disconnect() {
    clearTimeout(this.#retryTimer);
    if (this.#state.phase === "closed") {
      return this.#enter({ phase: "closed", end: this.#state.end });
    }
    if (this.#connection === undefined) return;
    this.#enter({ phase: "closing" });
    void this.#connection.disconnect();
  }

  /**
   * Sends a request on the open connection.
   *
   * @param {Method} method
   * @param {(progress: Progress) => void} [onProgress]
   */
  request({ method, params }, onProgress) {
    const call = this.#calls.start(method, params, onProgress);
    if (this.#state.phase !== "open" || this.#connection === undefined) {
      this.#calls.fail(call.id, new CallFailed("Not connected", { kind: "lost" }));
    } else void this.#send(this.#connection, call.message, call.id);
    return call;
  }

  /**
   * Asks the server to stop a call, and waits for it no longer.
   *
   * @param {string} id
   */
  cancel(id) {
    const params = { requestId: id, reason: "Aborted on the test page" };
    const message = { jsonrpc: "2.0", method: "notifications/cancelled", params };
    if (this.#connection !== undefined) void this.#send(this.#connection, message);
    this.#calls.fail(id, new CallFailed("Aborted here", { kind: "cancelled" }));
  }

  /** @param {Target} target */
  async #run(target) {
    clearTimeout(this.#retryTimer);
    void this.#connection?.disconnect();
    this.#calls.failAll("Another connection was opened");
    const connection = this.#create(target.url);
    this.#connection = connection;
    this.bytes = 0;
    this.events = 0;
    this.openedAt = 0;
    this.#enter({ phase: "connecting" });
    const first = target.first && this.#calls.start(target.first.method, target.first.params);
    if (first !== undefined) this.#listener.onFirstCall(first);
    this.#log("sent", describeSent(first?.message), JSON.stringify(first?.message ?? null));
    const end = await connection.run(first?.message);
    if (this.#connection === connection) this.#ended(end, target);
  }

  /** @param {string} url */
  #create(url) {
    // What an older connection still brings is shown, but moves nothing any more.
    const isCurrent = () => this.#connection === connection;
    const connection = new PlainConnection(url, {
      onRequest: (request) => this.#listener.onRequest(request),
      onOpen: () => {
        if (isCurrent()) this.#opened();
      },
      onEvent: (event, at) => {
        const message = tryParse(event.data);
        this.#log(event.event, describeEvent(event.event, message), event.data);
        if (isCurrent()) this.#onEvent(event.event, message, at);
      },
      onBytes: (bytes) => {
        if (isCurrent()) this.bytes += bytes;
      },
    });
    return connection;
  }

  #opened() {
    this.openedAt = performance.now();
    if (this.#state.phase === "connecting") this.#enter({ phase: "open" });
  }

  /** @param {StreamEnd} end @param {Target} target */
  #ended(end, target) {
    this.#connection = undefined;
    this.#calls.failAll(`The connection ended: ${end.reason}`);
    const why = end.detail ? `${end.reason}: ${end.detail}` : end.reason;
    this.#log("note", `Connection ended, ${why}`, JSON.stringify(end));
    const retryInMs = target.reconnect ? this.#retryDelay(end) : undefined;
    if (retryInMs !== undefined) {
      this.#retryTimer = setTimeout(() => void this.#run(target), retryInMs);
    }
    this.#enter({ phase: "closed", end, retryInMs });
  }

  /**
   * Grows from try to try, and is spread so that many pages do not come back at once.
   *
   * @param {StreamEnd} end
   */
  #retryDelay({ reason, retryAfterMs }) {
    if (retryAfterMs !== undefined) return retryAfterMs;
    if (!explain(reason).reconnect) return undefined;
    const lived = this.openedAt === 0 ? 0 : performance.now() - this.openedAt;
    this.#attempt = lived > STEADY_MS ? 1 : this.#attempt + 1;
    const limit = Math.min(RETRY_MS.max, RETRY_MS.first * 2 ** (this.#attempt - 1));
    return limit * (0.5 + Math.random() / 2);
  }

  /** @param {string} kind @param {any} message @param {number} at */
  #onEvent(kind, message, at) {
    this.events++;
    if (kind === "ping") this.#listener.onPing({ count: Number(message?.data?.ping_count), at });
    else if (kind !== "welcome" && kind !== "close") this.#calls.receive(message);
  }

  /** @param {PlainConnection} connection @param {object} message @param {string} [id] */
  async #send(connection, message, id = "") {
    this.#log("sent", describeSent(message), JSON.stringify(message));
    try {
      await connection.send(message);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      this.#log("note", `Sending failed, ${text}`, JSON.stringify({ message, error: text }));
      this.#calls.fail(id, new CallFailed(text, { kind: "error" }));
    }
  }

  /** @param {string} kind @param {string} summary @param {string} data */
  #log(kind, summary, data) {
    this.#listener.onEntry({ kind, summary, data });
  }

  /** @param {State} state */
  #enter(state) {
    this.#state = state;
    this.#listener.onState(state);
  }
}
