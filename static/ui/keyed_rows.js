/**
 * Rows of a table, reused by key. Only changes are written, so that updates are cheap, a selection
 * survives, and a button stays in place while the user presses it.
 *
 * @module
 */
import { createElement } from "./dom.js";

/**
 * @typedef {object} Column
 * @property {string} label as the head of the table says it; small screens show it in each row
 * @property {string} [kind] class of its cells
 * @property {boolean} [isHead] whether it names the row
 */

/**
 * @template T
 * @typedef {object} RowsOptions
 * @property {readonly Column[]} columns
 * @property {(item: T) => string} keyOf
 * @property {(item: T) => readonly string[]} textsOf one for each column
 * @property {(row: HTMLTableRowElement, item: T) => void} [onNewRow] called once for each new row
 */

/** @template T */
export class KeyedRows {
  #body;
  #options;
  /** @type {Map<string, HTMLTableRowElement>} */
  #rows = new Map();

  /** @param {HTMLElement} body @param {RowsOptions<T>} options */
  constructor(body, options) {
    this.#body = body;
    this.#options = options;
  }

  /** @param {readonly T[]} items in the order wanted */
  show(items) {
    const { keyOf } = this.#options;
    const wanted = new Map(items.map((item) => [keyOf(item), item]));
    const focused = document.activeElement;
    const lost = this.#removeOthers(wanted, focused);
    /** @type {Element | null} */
    let next = this.#body.firstElementChild;
    for (const [key, item] of wanted) {
      const row = this.#rows.get(key) ?? this.#add(key, item);
      if (row === next) next = next.nextElementSibling;
      else this.#body.insertBefore(row, next);
      this.#write(row, item);
    }
    // A moved row has lost the focus; a removed row passes it to its neighbour.
    const nextFocus = lost ?? focused;
    if (
      nextFocus instanceof HTMLElement && nextFocus !== document.activeElement &&
      this.#body.contains(nextFocus)
    ) {
      nextFocus.focus({ preventScroll: true });
    }
  }

  /**
   * @param {Map<string, T>} wanted
   * @param {Element | null} focused
   * @returns {HTMLElement | undefined} who has the focus now that its row is gone
   */
  #removeOthers(wanted, focused) {
    const gone = [...this.#rows].filter(([key]) => !wanted.has(key));
    const isLost = focused !== null && gone.some(([, row]) => row.contains(focused));
    const lostRow = isLost ? focused.closest("tr") : null;
    const kept = [...this.#rows.values()].filter((row) => wanted.has(row.dataset.key ?? ""));
    const nextFocus = lostRow === null
      ? undefined
      : kept.find((row) =>
        lostRow.compareDocumentPosition(row) & Node.DOCUMENT_POSITION_FOLLOWING
      ) ?? kept.at(-1);
    for (const [key, row] of gone) {
      row.remove();
      this.#rows.delete(key);
    }
    return nextFocus?.querySelector("button") ?? undefined;
  }

  /** @param {string} key @param {T} item */
  #add(key, item) {
    const { columns, onNewRow } = this.#options;
    const cells = columns.map(({ label, kind, isHead }) =>
      createElement(isHead ? "th" : "td", {
        ...(isHead && { scope: "row" }),
        class: kind,
        "data-label": label,
      }, "")
    );
    const row = createElement("tr", { "data-key": key }, ...cells);
    this.#rows.set(key, row);
    onNewRow?.(row, item);
    return row;
  }

  /** @param {HTMLTableRowElement} row @param {T} item */
  #write(row, item) {
    this.#options.textsOf(item).forEach((text, i) => {
      const cell = row.cells[i];
      if (cell !== undefined && cell.textContent !== text) cell.textContent = text;
    });
  }
}
