/**
 * A chart of how late pings came, as bars. Words and a table say the same.
 *
 * @module
 */
import { PingStats } from "../client/ping_stats.js";
import { formatMs } from "../shared/formats.js";
import { byId, createElement } from "./dom.js";
import { createSvgElement, niceCeil } from "./svg.js";

/** @typedef {import("../client/ping_stats.js").PingSample} PingSample */

const SLOTS = 60;
/** In the units of the picture's view box. */
const SLOT = { width: 10, bar: 6, height: 100, least: 4 };
/** Minimum scale, so that a healthy connection looks calm (ms). */
const LEAST_SCALE_MS = 50;
const TABLE_ROWS = 10;

export class PingChart {
  #stats = new PingStats();
  #svg = byId("ping-chart", SVGSVGElement);
  #bars = /** @type {SVGGElement} */ (this.#svg.querySelector("g"));
  #scale = byId("ping-scale", HTMLElement);
  #summary = byId("ping-summary", HTMLElement);
  #next = byId("ping-next", HTMLElement);
  #rows = byId("ping-rows", HTMLElement);

  clear() {
    this.#stats.clear();
    this.#draw();
  }

  /** @param {{ count: number, at: number }} ping */
  add({ count, at }) {
    this.#stats.add(count, at);
    this.#draw();
  }

  /**
   * Says when the next one is due.
   *
   * @param {boolean} isOpen
   */
  tick(isOpen) {
    this.#next.textContent = isOpen ? this.#nextText() : "";
  }

  #nextText() {
    const { nextAt, usualGapMs = 0 } = this.#stats;
    if (nextAt === undefined) return "Waiting for pings to learn their interval.";
    const leftMs = nextAt - performance.now();
    if (leftMs > 0) return `Next due in ${Math.ceil(leftMs / 1_000)} s.`;
    return leftMs > -usualGapMs / 4 ? "Next due now." : `Overdue by ${formatMs(-leftMs)}.`;
  }

  #draw() {
    const { samples, usualGapMs } = this.#stats;
    const worst = Math.max(0, ...samples.map((sample) => sample.lateMs));
    const scale = niceCeil(Math.max(LEAST_SCALE_MS, worst));
    this.#scale.textContent = samples.length === 0 ? "" : formatMs(scale);
    const first = SLOTS - samples.length;
    this.#bars.replaceChildren(
      ...samples.map((sample, i) => this.#bar(sample, first + i, sample.lateMs / scale)),
    );
    this.#summary.textContent = summaryOf(samples, { usualGapMs, worst });
    this.#rows.replaceChildren(...samples.slice(-TABLE_ROWS).reverse().map(toTableRow));
  }

  /** @param {PingSample} sample @param {number} slot @param {number} share of the scale */
  #bar({ count, lateMs, missed }, slot, share) {
    const height = Math.max(SLOT.least, share * SLOT.height);
    const box = { x: slot * SLOT.width, y: SLOT.height - height, width: SLOT.bar, height, rx: 1.5 };
    const title = createSvgElement(
      "title",
      {},
      `Ping ${count}: ${lateText(lateMs)}${missedText(missed)}`,
    );
    return createSvgElement("rect", { ...box, class: toneOf(lateMs, missed) }, title);
  }
}

/** @param {number} lateMs @param {number} missed */
function toneOf(lateMs, missed) {
  if (missed > 0 || lateMs >= 1_000) return "bad";
  return lateMs >= 100 ? "warn" : "ok";
}

/** @param {readonly PingSample[]} samples @param {{ usualGapMs: number | undefined, worst: number }} figures */
function summaryOf(samples, { usualGapMs, worst }) {
  const last = samples.at(-1);
  if (last === undefined) return "No ping yet.";
  if (usualGapMs === undefined) return `Ping ${last.count} has come; the next shows the interval.`;
  const missed = samples.reduce((sum, sample) => sum + sample.missed, 0);
  return `Ping ${last.count} ${lateText(last.lateMs)}. One every ${formatMs(usualGapMs)}, ` +
    `at worst ${formatMs(worst)} late${missedText(missed)}.`;
}

/** @param {PingSample} sample */
function toTableRow({ count, lateMs, missed }) {
  return createElement(
    "tr",
    {},
    createElement("th", { scope: "row" }, String(count)),
    createElement("td", {}, formatMs(lateMs)),
    createElement("td", {}, String(missed)),
  );
}

/** @param {number} lateMs */
function lateText(lateMs) {
  return lateMs < 1 ? "came on time" : `came ${formatMs(lateMs)} late`;
}

/** @param {number} missed */
function missedText(missed) {
  return missed === 0 ? "" : `, ${missed} missed`;
}
