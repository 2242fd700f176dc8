/**
 * Asks the server for its connections, and closes them: `/mcp/connections`, as the operator.
 *
 * @module
 */

/**
 * @typedef {object} ConnectionView
 * @property {string} id
 * @property {string} dialect
 * @property {string} client_ip
 * @property {string} user_agent
 * @property {number} age_ms
 * @property {number} ping_count
 * @property {number} failed_pings
 * @property {number} queued_bytes
 * @property {number} sent_bytes
 * @property {number} requests_in_flight
 *
 * @typedef {object} ClosedView
 * @property {string} at
 * @property {string} id
 * @property {string} dialect
 * @property {string} client_ip
 * @property {string} user_agent
 * @property {number} age_ms
 * @property {number} sent_bytes
 * @property {string} reason
 *
 * @typedef {object} RefusedView
 * @property {string} at
 * @property {string} method
 * @property {string} path
 * @property {string} client_ip
 * @property {number} status
 * @property {string} kind
 * @property {string} message
 *
 * @typedef {object} LedgerView
 * @property {number} opened
 * @property {number} open
 * @property {Record<string, number>} closed
 * @property {Record<string, number>} refused
 * @property {number} queued_bytes
 * @property {number} heap_used_bytes
 * @property {number} matching
 * @property {ConnectionView[]} connections
 * @property {ClosedView[]} recent_closed
 * @property {RefusedView[]} recent_refused
 *
 * @typedef {{ offset: number, limit: number, filter: string, sort: string, order: string }} Query
 */

/** The server said no; `status` says how. */
export class LedgerRefusal extends Error {
  /** @param {number} status @param {string} message */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** A server that says nothing for so long is as good as gone (ms). */
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

  /** @param {string} method @param {URLSearchParams} search */
  async #ask(method, search) {
    const response = await fetch(`${this.#url}?${search}`, {
      method,
      headers: this.token === undefined ? {} : { authorization: `Bearer ${this.token}` },
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    if (response.ok) return response;
    throw new LedgerRefusal(response.status, messageIn(await response.text()));
  }
}

/** What the server, or a proxy before it, says. @param {string} body */
function messageIn(body) {
  try {
    return String(JSON.parse(body).error.message);
  } catch {
    return "The answer is not from this server";
  }
}
