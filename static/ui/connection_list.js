/**
 * One page of the open connections, each with a button that ends it.
 *
 * @module
 */
import { formatAge, formatBytes, formatNumber } from "../shared/formats.js";
import { byId, createElement, setEnabled } from "./dom.js";
import { KeyedRows } from "./keyed_rows.js";
import { sureButton } from "./sure_button.js";

/**
 * @typedef {import("../client/ledger_client.js").LedgerView} LedgerView
 * @typedef {import("../client/ledger_client.js").ConnectionView} ConnectionView
 * @typedef {import("../client/ledger_client.js").Query} Query
 */

const PAGE = 50;
/** Pause in typing after which the server is asked (ms). */
const TYPING_MS = 250;

export class ConnectionList {
  #filter = byId("filter", HTMLInputElement);
  #sort = byId("sort", HTMLSelectElement);
  #before = byId("page-before", HTMLButtonElement);
  #after = byId("page-after", HTMLButtonElement);
  #status = byId("list-status", HTMLElement);
  #onQuery;
  #onDisconnect;
  #onEndPrincipal;
  #offset = 0;
  #matching = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #typing;
  /** @type {KeyedRows<ConnectionView>} */
  #rows = new KeyedRows(byId("list-rows", HTMLElement), {
    columns: [
      { label: "Connection", isHead: true, kind: "code" },
      { label: "Dialect" },
      { label: "Age" },
      { label: "Client" },
      { label: "User agent", kind: "long" },
      { label: "Pings", kind: "number" },
      { label: "Failed pings", kind: "number" },
      { label: "Queue", kind: "number" },
      { label: "Sent", kind: "number" },
      { label: "In flight", kind: "number" },
    ],
    keyOf: ({ id }) => id,
    textsOf,
    onNewRow: (row, connection) => row.append(this.#actions(connection)),
  });

  /**
   * @param {object} options
   * @param {() => void} options.onQuery something else is to be looked at
   * @param {(id: string) => Promise<void>} options.onDisconnect
   * @param {(principal: string) => Promise<void>} options.onEndPrincipal
   */
  constructor({ onQuery, onDisconnect, onEndPrincipal }) {
    this.#onQuery = onQuery;
    this.#onDisconnect = onDisconnect;
    this.#onEndPrincipal = onEndPrincipal;
    this.#filter.addEventListener("input", () => {
      clearTimeout(this.#typing);
      this.#typing = setTimeout(() => this.#turnTo(0), TYPING_MS);
    });
    this.#sort.addEventListener("change", () => this.#turnTo(0));
    this.#before.addEventListener("click", () => this.#step(-PAGE));
    this.#after.addEventListener("click", () => this.#step(PAGE));
  }

  /** @returns {Query} */
  get query() {
    const [sort = "", order = ""] = this.#sort.value.split(" ");
    return { offset: this.#offset, limit: PAGE, filter: this.#filter.value, sort, order };
  }

  /** @param {LedgerView} ledger @param {Query} query that it answers */
  show({ connections, matching, open }, { offset, filter }) {
    this.#matching = matching;
    // This page of the list is gone, because most connections have closed.
    if (matching > 0 && connections.length === 0 && offset > 0) return this.#turnTo(this.#lastPage);
    this.#rows.show(connections);
    const last = offset + connections.length;
    this.#status.textContent = matching === 0
      ? filter === "" ? "No connection is open." : `None of ${formatNumber(open)} matches.`
      : `${formatNumber(offset + 1)}–${formatNumber(last)} of ${formatNumber(matching)}` +
        (filter === "" ? "" : ` that match, ${formatNumber(open)} open`);
    setEnabled(this.#before, offset > 0);
    setEnabled(this.#after, last < matching);
  }

  get #lastPage() {
    return Math.max(0, Math.ceil(this.#matching / PAGE) - 1) * PAGE;
  }

  /** @param {number} by */
  #step(by) {
    const offset = Math.min(Math.max(0, this.#offset + by), this.#lastPage);
    if (offset !== this.#offset) this.#turnTo(offset);
  }

  /** @param {number} offset */
  #turnTo(offset) {
    this.#offset = offset;
    this.#onQuery();
  }

  /** @param {ConnectionView} connection */
  #actions({ id, principal }) {
    const cell = createElement("td", { class: "act" });
    const disconnect = () => void this.#onDisconnect(id);
    cell.append(sureButton("Disconnect", `Disconnect ${id}`, disconnect));
    if (principal === undefined) return cell;
    const endAll = () => void this.#onEndPrincipal(principal);
    cell.append(" ", sureButton("End caller", `End all of ${principal}`, endAll));
    return cell;
  }
}

/** The dialect, and the instance where there are several. @param {ConnectionView} connection */
function whereOf({ dialect, instance }) {
  return instance === undefined ? dialect : `${dialect} at ${instance}`;
}

/** The address, and who it is where that is known. @param {ConnectionView} connection */
function clientOf({ client_ip, principal }) {
  return principal === undefined ? client_ip : `${client_ip} ${principal}`;
}

/** @param {ConnectionView} connection */
function textsOf(connection) {
  return [
    connection.id,
    whereOf(connection),
    formatAge(connection.age_ms),
    clientOf(connection),
    connection.user_agent || "none",
    formatNumber(connection.ping_count),
    formatNumber(connection.failed_pings),
    formatBytes(connection.queued_bytes),
    formatBytes(connection.sent_bytes),
    formatNumber(connection.requests_in_flight),
  ];
}
