/**
 * Answers the server's questions on a connection, in both forms: a request from the server, or a
 * result that asks for input (2026-07-28).
 *
 * @module
 */
import { CallFailed } from "./calls.js";
import { answerTo, inputResponses } from "./questions.js";

/**
 * @typedef {object} Parts
 * @property {import("./calls.js").Calls} calls
 * @property {import("./questions.js").Ask} ask
 * @property {(message: object, id?: string) => Promise<void>} send a message, on behalf of the call
 *   with that id
 */

export class QuestionHandler {
  #parts;
  /** Calls whose answer was a question, by id. @type {Set<string>} */
  #asking = new Set();

  /** @param {Parts} parts */
  constructor(parts) {
    this.#parts = parts;
  }

  /** Whether a call waits for its user. @param {string} id */
  isAsking(id) {
    return this.#asking.has(id);
  }

  /**
   * Handles a message if it is a question.
   *
   * @param {any} message
   * @param {AbortSignal} signal aborted when the connection ends
   * @returns {boolean} whether it is one
   */
  handle(message, signal) {
    if (message?.method !== undefined && message.id !== undefined) {
      void this.#answer(message, signal);
      return true;
    }
    if (message?.result?.resultType !== "input_required") return false;
    void this.#continue(message);
    return true;
  }

  /** @param {any} request @param {AbortSignal} signal */
  async #answer(request, signal) {
    try {
      const answer = await answerTo(request, this.#parts.ask, signal);
      await this.#parts.send({ jsonrpc: "2.0", id: request.id, ...answer });
    } catch {
      // The connection has ended, so nobody waits for the answer.
    }
  }

  /** Asks the user, then asks the server the same again. @param {any} message */
  async #continue({ id, result }) {
    const { calls, ask, send } = this.#parts;
    const call = calls.get(id);
    if (call === undefined) return;
    this.#asking.add(id);
    try {
      const { inputRequests, requestState } = result;
      const answers = await inputResponses(inputRequests ?? {}, ask, call.signal);
      const next = calls.repeat(id, { inputResponses: answers, requestState });
      if (next !== undefined) void send(next, call.id);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      calls.fail(id, new CallFailed(text, { kind: "error" }));
    } finally {
      this.#asking.delete(id);
    }
  }
}
