/**
 * The servers behind a gateway: a row for each child, with a button that starts it anew.
 *
 * @module
 */
import { formatAge, formatNumber } from "../shared/formats.js";
import { byId, createElement } from "./dom.js";
import { KeyedRows } from "./keyed_rows.js";
import { sureButton } from "./sure_button.js";

/**
 * @typedef {import("../client/ledger_client.js").LedgerView} LedgerView
 * @typedef {import("../client/ledger_client.js").ServerView} ServerView
 * @typedef {import("../client/ledger_client.js").ChildView} ChildView
 * @typedef {ChildView & { server: string }} Row
 */

/** Who uses a child, by its policy. @type {Record<string, string>} */
const USERS = { shared: "all clients", session: "one session", asking: "one call at a time" };

export class ServerList {
  #card = byId("servers-card", HTMLElement);
  #status = byId("servers-status", HTMLElement);
  #onRestart;
  /** @type {KeyedRows<Row>} */
  #rows = new KeyedRows(byId("servers-rows", HTMLElement), {
    columns: [
      { label: "Child", isHead: true, kind: "code" },
      { label: "Server" },
      { label: "State" },
      { label: "Process" },
      { label: "Used by" },
      { label: "Clients", kind: "number" },
      { label: "Age" },
      { label: "Calls", kind: "number" },
      { label: "In flight", kind: "number" },
      { label: "Last lines of stderr", kind: "long lines" },
    ],
    keyOf: ({ id }) => id,
    textsOf,
    onNewRow: (row, { id }) => {
      const cell = createElement("td", { class: "act" });
      cell.append(sureButton("Restart", `Restart ${id}`, () => void this.#onRestart(id)));
      row.append(cell);
    },
  });

  /** @param {(child: string) => Promise<void>} onRestart */
  constructor(onRestart) {
    this.#onRestart = onRestart;
  }

  /** @param {LedgerView} ledger */
  show({ servers }) {
    this.#card.hidden = servers === undefined;
    if (servers === undefined) return;
    this.#rows.show(
      servers.flatMap(({ name, children }) =>
        children.map((child) => ({ ...child, server: name }))
      ),
    );
    const text = servers.map(summaryOf).join(" ");
    if (this.#status.textContent !== text) this.#status.textContent = text;
  }
}

/** @param {ServerView} server */
function summaryOf({ name, is_up, calls, errors, restarts, waiting }) {
  const figures = [
    `${formatNumber(calls)} calls`,
    `${formatNumber(errors)} errors`,
    `${formatNumber(restarts)} restarts`,
    ...(waiting > 0 ? [`${formatNumber(waiting)} waiting`] : []),
  ];
  return `${name}: ${is_up ? "up" : "down"}, ${figures.join(", ")}.`;
}

/** @param {Row} child */
function textsOf(child) {
  return [
    child.id,
    child.server,
    child.state,
    child.pid === undefined ? "none" : String(child.pid),
    USERS[child.policy] ?? child.policy,
    formatNumber(child.clients),
    child.age_ms === 0 ? "none" : formatAge(child.age_ms),
    formatNumber(child.calls),
    formatNumber(child.requests_open),
    child.last_lines.join("\n") || "none",
  ];
}
