/**
 * Requests in flight on one connection, matched with their answers.
 *
 * @module
 */

/**
 * @typedef {{ progress: number, total?: number, message?: string }} Progress
 * @typedef {object} Call
 * @property {string} id
 * @property {string} method
 * @property {number} startedAt in monotonic ms
 * @property {(progress: Progress) => void} onProgress
 * @property {object} message what is sent
 * @property {Promise<any>} result rejects with a `CallFailed`
 * @property {AbortSignal} signal aborted when the call is over
 *
 * @typedef {Call & { abort: () => void, resolve: (value: any) => void,
 *   reject: (error: Error) => void }} RunningCall
 */

/** Why there is no result. */
export class CallFailed extends Error {
  /** @param {string} message @param {{ kind: "error" | "cancelled" | "lost", data?: unknown }} how */
  constructor(message, { kind, data }) {
    super(message);
    this.kind = kind;
    this.data = data;
  }
}

export class Calls {
  #count = 0;
  /** @type {Map<string, RunningCall>} */
  #running = new Map();

  get size() {
    return this.#running.size;
  }

  /**
   * Makes a request and waits for its answer; the caller sends `message`.
   *
   * @param {string} method
   * @param {object} [params]
   * @param {(progress: Progress) => void} [onProgress] asks for progress to be reported
   * @returns {Call}
   */
  start(method, params, onProgress) {
    const id = `req-${++this.#count}`;
    const { promise, resolve, reject } = Promise.withResolvers();
    const withToken = onProgress && { ...params, _meta: { progressToken: id } };
    const message = {
      jsonrpc: "2.0",
      id,
      method,
      ...((withToken ?? params) && { params: withToken ?? params }),
    };
    const over = new AbortController();
    const call = {
      id,
      method,
      message,
      startedAt: performance.now(),
      onProgress: onProgress ?? (() => {}),
      result: promise,
      signal: over.signal,
      abort: () => over.abort(),
      resolve,
      reject,
    };
    this.#running.set(id, call);
    return call;
  }

  /**
   * Handles a message of the stream.
   *
   * @param {any} message
   */
  receive(message) {
    if (message?.method === "notifications/progress") {
      const { progressToken, ...progress } = message.params ?? {};
      this.#running.get(progressToken)?.onProgress(progress);
      return;
    }
    if (message?.error !== undefined) {
      const { code, message: text, data } = message.error;
      this.fail(message.id, new CallFailed(`${text} (${code})`, { kind: "error", data }));
    } else if (message?.result !== undefined) this.#remove(message.id)?.resolve(message.result);
  }

  /** @param {string} id @returns {Call | undefined} */
  get(id) {
    return this.#running.get(id);
  }

  /**
   * Asks the same again with more, for the same result: the server needed answers first.
   *
   * @param {string} id of the call so far; it gets a new one
   * @param {object} more further parameters
   * @returns {object | undefined} the message to send; undefined where the call is over
   */
  repeat(id, more) {
    const call = this.#running.get(id);
    if (call === undefined) return undefined;
    this.#running.delete(id);
    call.id = `req-${++this.#count}`;
    const { params } = /** @type {any} */ (call.message);
    call.message = { ...call.message, id: call.id, params: { ...params, ...more } };
    this.#running.set(call.id, call);
    return call.message;
  }

  /** @param {string} id @param {Error} error */
  fail(id, error) {
    this.#remove(id)?.reject(error);
  }

  /** @param {string} why */
  failAll(why) {
    for (const id of [...this.#running.keys()]) {
      this.fail(id, new CallFailed(why, { kind: "lost" }));
    }
  }

  /** @param {string} id */
  #remove(id) {
    const call = this.#running.get(id);
    this.#running.delete(id);
    call?.abort();
    return call;
  }
}
