/**
 * Reads the ledger of the server (`/mcp/connections`) and closes connections, as the operator.
 *
 * @module
 */

import { readRefusal } from "../shared/refusal.js";

/**
 * @typedef {import("../../lib/http/ledger_view.ts").LedgerView} LedgerView
 * @typedef {import("../../lib/http/ledger_view.ts").ConnectionView} ConnectionView
 * @typedef {import("../../lib/http/ledger_view.ts").ServerView} ServerView
 * @typedef {import("../../lib/http/ledger_view.ts").ChildView} ChildView
 * @typedef {import("../../lib/http/ledger_view.ts").ClosedView} ClosedView
 * @typedef {import("../../lib/http/ledger_view.ts").RefusedView} RefusedView
 * @typedef {{ offset: number, limit: number, filter: string, sort: string, order: string }} Query
 */

/** The server refused; `status` is the HTTP status. */
export class LedgerRefusal extends Error {
  /** @param {number} status @param {string} message */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

const NOT_FROM_SERVER = "The answer is not from this server";
/** Time for an answer (ms). */
const PATIENCE_MS = 10_000;

export class LedgerClient {
  #url;

  /** The operator's token, where one is needed. @type {string | undefined} */
  token;

  /** @param {string} url of `/mcp/connections` */
  constructor(url) {
    this.#url = url;
  }

  /**
   * @param {Query} query
   * @returns {Promise<LedgerView>}
   * @throws {LedgerRefusal} when the server says no; other errors when it says nothing
   */
  async look(query) {
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) search.set(name, String(value));
    return await (await this.#ask("GET", search)).json();
  }

  /**
   * Closes a connection.
   *
   * @param {string} id
   * @returns {Promise<boolean>} false when it was gone already
   */
  async disconnect(id) {
    try {
      await this.#ask("DELETE", new URLSearchParams({ id }));
      return true;
    } catch (error) {
      if (error instanceof LedgerRefusal && error.status === 404) return false;
      throw error;
    }
  }

  /**
   * Ends all streams and sessions of one principal.
   *
   * @param {string} principal
   * @returns {Promise<{ streams: number, sessions: number, silent_instances?: string[] }>} how many
   *   there were, and which instances did not answer in time
   */
  async endPrincipal(principal) {
    return await (await this.#ask("DELETE", new URLSearchParams({ principal }))).json();
  }

  /**
   * Ends the process of a server's child, and has it started anew.
   *
   * @param {string} child its id
   * @returns {Promise<boolean>} false when there is no such child any more
   */
  async restart(child) {
    try {
      await this.#ask("DELETE", new URLSearchParams({ child }));
      return true;
    } catch (error) {
      if (error instanceof LedgerRefusal && error.status === 404) return false;
      throw error;
    }
  }

  /** @param {string} method @param {URLSearchParams} search */
  async #ask(method, search) {
    const response = await fetch(`${this.#url}?${search}`, {
      method,
      headers: this.token === undefined ? {} : { authorization: `Bearer ${this.token}` },
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    if (response.ok) return response;
    throw new LedgerRefusal(
      response.status,
      readRefusal(await response.text())?.message ?? NOT_FROM_SERVER,
    );
  }
}
