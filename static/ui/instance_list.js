/**
 * The instances that share a store, where there are several.
 *
 * @module
 */
import { formatBytes, formatNumber } from "../shared/formats.js";
import { byId } from "./dom.js";
import { KeyedRows } from "./keyed_rows.js";

/**
 * @typedef {import("../client/ledger_client.js").LedgerView} LedgerView
 * @typedef {import("../../lib/http/ledger_view.ts").InstanceView} InstanceView
 */

export class InstanceList {
  #card = byId("instances-card", HTMLElement);
  #silent = byId("instances-silent", HTMLElement);
  /** @type {KeyedRows<InstanceView>} */
  #rows = new KeyedRows(byId("instances-rows", HTMLElement), {
    columns: [
      { label: "Instance", isHead: true, kind: "code" },
      { label: "State" },
      { label: "Open", kind: "number" },
      { label: "Opened", kind: "number" },
      { label: "Queue", kind: "number" },
      { label: "Heap", kind: "number" },
    ],
    keyOf: ({ name }) => name,
    textsOf: ({ name, is_here, is_silent, open, opened, queued_bytes, heap_used_bytes }) => [
      name,
      is_silent ? "does not answer" : is_here ? "answers this page" : "answers",
      textOf(open, formatNumber),
      textOf(opened, formatNumber),
      textOf(queued_bytes, formatBytes),
      textOf(heap_used_bytes, formatBytes),
    ],
  });

  /** @param {LedgerView} ledger */
  show({ instances = [] }) {
    this.#card.hidden = instances.length === 0;
    // Which of them answers this page changes with each request.
    this.#rows.show(instances.toSorted((a, b) => a.name < b.name ? -1 : 1));
    const silent = instances.filter((one) => one.is_silent).map(({ name }) => name);
    const text = silent.length === 0
      ? "All counts on this page are sums over these instances."
      : `No answer in time from ${silent.join(", ")}: its connections are missing on this page.`;
    if (this.#silent.textContent !== text) this.#silent.textContent = text;
  }
}

/** @param {number | undefined} value @param {(value: number) => string} format */
function textOf(value, format) {
  return value === undefined ? "–" : format(value);
}
