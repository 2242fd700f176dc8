/**
 * The session of the page: one connection at a time, its calls, and reconnecting when it is lost.
 *
 * @module
 */
import { tryParse } from "../shared/json.js";
import { Backoff } from "./backoff.js";
import { CallFailed, Calls } from "./calls.js";
import { dialectOf } from "./dialects/mod.js";
import { QuestionHandler } from "./question_handler.js";
import { describeEvent, describeSent, kindOfEvent, levelOf } from "./summaries.js";

/**
 * @typedef {import("./calls.js").Call} Call
 * @typedef {import("./calls.js").Progress} Progress
 * @typedef {import("./dialects/curl.js").HttpRequest} HttpRequest
 * @typedef {import("./dialects/channel.js").StreamEnd} StreamEnd
 * @typedef {import("./dialects/channel.js").Connection} Connection
 * @typedef {{ method: string, params?: object | undefined }} Method
 *
 * @typedef {object} Target
 * @property {string} dialect
 * @property {string} url
 * @property {import("./sign_in/credential.js").Credential} credential what requests are sent with
 * @property {Method | undefined} first the first request
 * @property {boolean} reconnect connect again when the connection is lost, without being asked
 *
 * @typedef {{ phase: "idle" | "connecting" | "open" | "closing" }
 *   | { phase: "closed", end: StreamEnd, retryInMs?: number | undefined }} State
 * @typedef {{ kind: string, level?: string | undefined, summary: string, data: string }} Entry
 * @typedef {{ count: number, at: number }} Ping
 * @typedef {object} SessionListener
 * @property {(state: State) => void} onState
 * @property {(entry: Entry) => void} onEntry
 * @property {(request: HttpRequest) => void} onRequest what was asked last, as a request that works
 *   without this connection
 * @property {(call: Call) => void} onFirstCall the request that opens the stream
 * @property {(ping: Ping) => void} onPing
 * @property {import("./questions.js").Ask} onQuestion
 */

const NO_RESPONSE = "The answer ended without a response";

export class Session {
  bytes = 0;
  events = 0;
  openedAt = 0;
  #listener;
  #calls = new Calls();
  /** @type {Connection | undefined} */
  #connection;
  /** Aborted when the connection ends. */
  #life = new AbortController();
  /** @type {State} */
  #state = { phase: "idle" };
  /** A request that waits for the connection to be open. @type {Call | undefined} */
  #first;
  #questions = new QuestionHandler({
    calls: this.#calls,
    ask: (question, signal) => this.#listener.onQuestion(question, signal),
    send: async (message, id) => {
      if (this.#connection !== undefined) await this.#send(this.#connection, message, id);
    },
  });
  #keepalives = 0;
  #backoff = new Backoff();
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
    this.#backoff.reset();
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
    } else {
      this.#listener.onRequest(this.#connection.standalone(call.message));
      void this.#send(this.#connection, call.message, call.id);
    }
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
    this.#life.abort();
    this.#calls.failAll("Another connection was opened");
    const connection = this.#create(target);
    this.#connection = connection;
    this.#life = new AbortController();
    this.#keepalives =
      this.bytes =
      this.events =
      this.openedAt =
        0;
    this.#enter({ phase: "connecting" });
    const first = target.first && this.#calls.start(target.first.method, target.first.params);
    if (first !== undefined) {
      this.#listener.onRequest(connection.standalone(first.message));
      this.#listener.onFirstCall(first);
    }
    if (dialectOf(target.dialect).opensWithRequest) {
      this.#log("sent", describeSent(first?.message), JSON.stringify(first?.message ?? null));
      this.#first = undefined;
    } else {
      this.#log("sent", describeSent(undefined), "null");
      this.#first = first;
    }
    const end = await connection.run(first?.message);
    if (this.#connection === connection) this.#ended(end, target);
  }

  /** @param {Target} target */
  #create(target) {
    const dialect = dialectOf(target.dialect);
    // Late events of an older connection are shown, but change nothing.
    const isCurrent = () => this.#connection === connection;
    let isFirst = true;
    const connection = dialect.connect(target, {
      onRequest: (request) => {
        if (!isFirst || target.first !== undefined) return;
        isFirst = false;
        this.#listener.onRequest(request);
      },
      onOpen: () => {
        if (isCurrent()) this.#opened();
      },
      onEvent: (event, at) => {
        const message = tryParse(event.data);
        const kind = kindOfEvent(event.event, message, dialect.hasNamedEvents);
        this.#log(kind, describeEvent(kind, message), event.data, levelOf(message));
        if (isCurrent()) this.#onEvent(kind, message, at);
      },
      onKeepalive: (at) => {
        if (isCurrent()) this.#listener.onPing({ count: ++this.#keepalives, at });
      },
      onAnswerEnd: (id) => {
        if (isCurrent() && !this.#questions.isAsking(id)) {
          this.#calls.fail(id, new CallFailed(NO_RESPONSE, { kind: "lost" }));
        }
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
    const first = this.#first;
    this.#first = undefined;
    if (first !== undefined && this.#connection !== undefined) {
      void this.#send(this.#connection, first.message, first.id);
    }
  }

  /** @param {StreamEnd} end @param {Target} target */
  #ended(end, target) {
    this.#connection = undefined;
    this.#life.abort();
    this.#calls.failAll(`The connection ended: ${end.reason}`);
    const why = end.detail ? `${end.reason}: ${end.detail}` : end.reason;
    this.#log("note", `Connection ended, ${why}`, JSON.stringify(end));
    const lived = this.openedAt === 0 ? 0 : performance.now() - this.openedAt;
    const { reconnect, credential } = target;
    const retryInMs = reconnect
      ? this.#backoff.next(end, lived, credential.isRenewable)
      : undefined;
    if (retryInMs !== undefined) {
      this.#retryTimer = setTimeout(() => void this.#run(target), retryInMs);
    }
    this.#enter({ phase: "closed", end, retryInMs });
  }

  /** @param {string} kind @param {any} message @param {number} at */
  #onEvent(kind, message, at) {
    this.events++;
    if (kind === "ping") {
      this.#listener.onPing({ count: Number(message?.data?.ping_count), at });
    } else if (kind !== "welcome" && kind !== "close") {
      if (!this.#questions.handle(message, this.#life.signal)) this.#calls.receive(message);
    }
  }

  /** @param {Connection} connection @param {object} message @param {string} [id] */
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

  /** @param {string} kind @param {string} summary @param {string} data @param {string} [level] */
  #log(kind, summary, data, level) {
    this.#listener.onEntry({ kind, summary, data, level });
  }

  /** @param {State} state */
  #enter(state) {
    this.#state = state;
    this.#listener.onState(state);
  }
}
