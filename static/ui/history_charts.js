/**
 * Charts of the last minutes: open connections as a line, closes by reason as bars. A text and a
 * table show the same.
 *
 * @module
 */
import { kindOf } from "../client/close_reasons.js";
import { formatAge, formatClock, formatNumber } from "../shared/formats.js";
import { byId, createElement } from "./dom.js";
import { KeyedRows } from "./keyed_rows.js";
import { createSvgElement, niceCeil } from "./svg.js";

/**
 * @typedef {import("../client/ledger_history.js").LedgerHistory} LedgerHistory
 * @typedef {import("../client/ledger_history.js").Sample} Sample
 * @typedef {import("../client/ledger_history.js").Slot} Slot
 */

/** In the units of the pictures' view boxes. */
const BOX = { width: 600, height: 100 };
/** Share of a slot that its bar fills. */
const BAR = 0.7;
const LEAST_SCALE = 5;

export class HistoryCharts {
  #svg = byId("open-chart", SVGSVGElement);
  #bars = /** @type {SVGGElement} */ (byId("closes-chart", SVGSVGElement).querySelector("g"));
  #legend = byId("closes-legend", HTMLUListElement);
  /** The drawn values, to skip drawing them again. */
  #drawn = "";
  /** @type {KeyedRows<Slot>} */
  #rows = new KeyedRows(byId("history-rows", HTMLElement), {
    columns: [{ label: "Time", isHead: true }, { label: "Open" }, { label: "Closed" }],
    keyOf: ({ from }) => String(from),
    textsOf: ({ from, open = 0, closed }) => [
      formatClock(from),
      formatNumber(open),
      listOf(Object.entries(closed)) || "none",
    ],
  });

  /** @param {LedgerHistory} history @param {number} now ms */
  show(history, now) {
    const slots = history.slots(now);
    const reasons = history.reasons();
    this.#drawOpen(history, now);
    this.#drawCloses(slots, reasons);
    this.#say(history.samples, reasons);
    this.#rows.show(slots.filter(({ open }) => open !== undefined).reverse());
  }

  /** @param {LedgerHistory} history @param {number} now */
  #drawOpen(history, now) {
    const { samples } = history;
    const spanMs = history.span(now);
    const scale = niceCeil(Math.max(LEAST_SCALE, ...samples.map(({ open }) => open)));
    byId("open-scale", HTMLElement).textContent = formatNumber(scale);
    const points = samples.map(({ at, open }) => {
      const x = BOX.width * (1 - (now - at) / spanMs);
      return `${x.toFixed(1)} ${(BOX.height * (1 - open / scale)).toFixed(1)}`;
    });
    const line = `M${points.join(" L")}`;
    const left = points[0]?.split(" ")[0] ?? "0";
    const [areaPath, linePath] = this.#svg.querySelectorAll("path");
    linePath?.setAttribute("d", line);
    areaPath?.setAttribute("d", `${line} V${BOX.height} H${left} Z`);
  }

  /** @param {readonly Slot[]} slots @param {readonly (readonly [string, number])[]} reasons */
  #drawCloses(slots, reasons) {
    const picture = JSON.stringify(slots);
    if (picture === this.#drawn) return;
    this.#drawn = picture;
    const scale = niceCeil(Math.max(LEAST_SCALE, ...slots.map(({ total }) => total)));
    byId("closes-scale", HTMLElement).textContent = formatNumber(scale);
    const width = BOX.width / slots.length;
    const order = reasons.map(([reason]) => reason);
    this.#bars.replaceChildren(
      ...slots.flatMap((slot, i) =>
        stackOf(slot, order, { x: i * width, width: width * BAR, scale })
      ),
    );
    this.#legend.replaceChildren(
      ...reasons.map(([reason, count]) =>
        createElement("li", { "data-end": kindOf(reason) }, `${reason} ${formatNumber(count)}`)
      ),
    );
  }

  /** @param {readonly Sample[]} samples @param {[string, number][]} reasons */
  #say(samples, reasons) {
    const [first, last] = [samples[0], samples.at(-1)];
    if (first === undefined || last === undefined) return;
    const counts = samples.map(({ open }) => open);
    const [least, most] = [Math.min(...counts), Math.max(...counts)];
    const since = `in the last ${formatAge(Math.max(1_000, last.at - first.at))}`;
    byId("open-summary", HTMLElement).textContent = `${formatNumber(last.open)} open now, ` +
      `between ${formatNumber(least)} and ${formatNumber(most)} ${since}.`;
    const total = reasons.reduce((sum, [, count]) => sum + count, 0);
    byId("closes-summary", HTMLElement).textContent = total === 0
      ? `None closed ${since}.`
      : `${formatNumber(total)} closed ${since}.`;
  }
}

/**
 * The bar of one slot, stacked by reason.
 *
 * @param {Slot} slot
 * @param {readonly string[]} order
 * @param {{ x: number, width: number, scale: number }} place
 */
function stackOf({ from, closed }, order, { x, width, scale }) {
  let top = BOX.height;
  return order.filter((reason) => (closed[reason] ?? 0) > 0).map((reason) => {
    const count = closed[reason] ?? 0;
    const height = (count / scale) * BOX.height;
    top -= height;
    const title = createSvgElement("title", {}, `${formatClock(from)}: ${count} ${reason}`);
    return createSvgElement(
      "rect",
      { x, y: top, width, height, "data-end": kindOf(reason) },
      title,
    );
  });
}

/** @param {readonly (readonly [string, number])[]} reasons */
function listOf(reasons) {
  return reasons.map(([reason, count]) => `${formatNumber(count)} ${reason}`).join(", ");
}
