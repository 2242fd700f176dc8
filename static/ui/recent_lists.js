/**
 * The last refused requests with cause and fix, and the last closed connections with their reason.
 *
 * @module
 */
import { explain, kindOf } from "../client/close_reasons.js";
import { formatAge, formatBytes, formatClock } from "../shared/formats.js";
import { byId } from "./dom.js";
import { KeyedRows } from "./keyed_rows.js";

/**
 * @typedef {import("../client/ledger_client.js").LedgerView} LedgerView
 * @typedef {import("../client/ledger_client.js").ClosedView} ClosedView
 * @typedef {import("../client/ledger_client.js").RefusedView} RefusedView
 */

export class RecentLists {
  /** @type {KeyedRows<RefusedView & { key: string }>} */
  #refused = new KeyedRows(byId("refused-rows", HTMLElement), {
    columns: [
      { label: "Time" },
      { label: "Client" },
      { label: "Request", kind: "long" },
      { label: "Answer" },
      { label: "Cause and fix", kind: "long" },
    ],
    keyOf: ({ key }) => key,
    textsOf: (refused) => [
      timeOf(refused.at),
      refused.client_ip,
      `${refused.method} ${refused.path}`,
      `${refused.status} ${refused.kind}` +
      (refused.instance === undefined ? "" : ` at ${refused.instance}`),
      causeOf(refused),
    ],
  });

  /** @type {KeyedRows<ClosedView>} */
  #closed = new KeyedRows(byId("closed-rows", HTMLElement), {
    columns: [
      { label: "Time" },
      { label: "Reason" },
      { label: "Connection", kind: "code", isHead: true },
      { label: "Dialect" },
      { label: "Age" },
      { label: "Client" },
      { label: "User agent", kind: "long" },
      { label: "Sent", kind: "number" },
    ],
    keyOf: ({ id }) => id,
    textsOf: (ended) => [
      timeOf(ended.at),
      ended.reason,
      ended.id,
      ended.instance === undefined ? ended.dialect : `${ended.dialect} at ${ended.instance}`,
      formatAge(ended.age_ms),
      ended.client_ip,
      ended.user_agent || "none",
      formatBytes(ended.sent_bytes),
    ],
    onNewRow: (row, { reason }) => {
      row.dataset.end = kindOf(reason);
      const cell = row.cells[1];
      if (cell !== undefined) cell.title = explain(reason).text;
    },
  });

  /** @param {LedgerView} ledger */
  show({ recent_closed, recent_refused }) {
    this.#closed.show(recent_closed);
    this.#refused.show(withKeys(recent_refused));
    byId("closed-empty", HTMLElement).hidden = recent_closed.length > 0;
    byId("refused-empty", HTMLElement).hidden = recent_refused.length > 0;
  }
}

/**
 * Gives refusals keys, because they have no ids. Equal refusals are numbered from the oldest, so
 * that a new one changes no key.
 *
 * @param {readonly RefusedView[]} newestFirst
 */
function withKeys(newestFirst) {
  /** @type {Map<string, number>} */
  const seen = new Map();
  return newestFirst.toReversed().map((refused) => {
    const same = JSON.stringify(refused);
    const number = seen.get(same) ?? 0;
    seen.set(same, number + 1);
    return { ...refused, key: `${number} ${same}` };
  }).reverse();
}

/** @param {string} iso */
function timeOf(iso) {
  return formatClock(new Date(iso));
}

/** What was wrong, and for a token what was expected and what came. @param {RefusedView} refused */
function causeOf({ message, expected, given }) {
  const parts = [
    message,
    expected === undefined ? "" : `Expected ${expected}.`,
    given === undefined ? "" : `Got ${given}.`,
  ];
  return parts.filter((part) => part !== "").join(" ");
}
