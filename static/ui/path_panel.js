/**
 * The path doctor on the page: a button, what is measured now, and what was found.
 *
 * @module
 */
import { inspectBrowserConnection } from "../../doctor/browser.js";
import { examine } from "../../doctor/engine/examine.js";
import { rowsOf } from "../../doctor/engine/table.js";
import { find, formatMs, make } from "./dom.js";

/**
 * @typedef {import("../../doctor/engine/examine.js").Report} Report
 * @typedef {import("../../doctor/engine/findings.js").Finding} Finding
 */

/** @type {Record<Report["verdict"], { tone: string, word: string }>} */
const VERDICTS = {
  ok: { tone: "ok", word: "all is well" },
  problems: { tone: "bad", word: "something is wrong" },
  unreachable: { tone: "bad", word: "unreachable" },
};
const TONES = { good: "ok", bad: "bad", plain: "calm" };
const BUTTON_TEXT = { idle: "Examine", busy: "Stop" };

export class PathPanel {
  #form = find("path-form", HTMLFormElement);
  #button = find("path-examine", HTMLButtonElement);
  #idle = find("path-idle", HTMLInputElement);
  #badge = find("path-badge", HTMLElement);
  #status = find("path-status", HTMLElement);
  #rows = find("path-rows", HTMLElement);
  #findings = find("path-findings", HTMLElement);
  #urlOf;
  /** @type {AbortController | undefined} */
  #running;

  /** @param {() => string | undefined} urlOf the endpoint, where the page names a usable one */
  constructor(urlOf) {
    this.#urlOf = urlOf;
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.#running !== undefined) return this.#running.abort();
      const url = this.#urlOf();
      if (url !== undefined) void this.#examine(url);
    });
  }

  /** @param {string} url */
  async #examine(url) {
    this.#running = new AbortController();
    this.#show("busy", "examining");
    this.#button.textContent = BUTTON_TEXT.busy;
    this.#rows.replaceChildren();
    this.#findings.replaceChildren();
    try {
      this.#showReport(await examine(url, this.#options(this.#running.signal)));
    } catch (error) {
      const isStopped = this.#running.signal.aborted;
      this.#show("calm", isStopped ? "stopped" : "failed");
      this.#status.textContent = isStopped ? "Nothing was found out." : String(error);
    }
    this.#running = undefined;
    this.#button.textContent = BUTTON_TEXT.idle;
  }

  /** @param {AbortSignal} signal @returns {import("../../doctor/engine/examine.js").Options} */
  #options(signal) {
    const idleMs = this.#idle.value === "" ? undefined : this.#idle.valueAsNumber * 1_000;
    return {
      signal,
      ...(idleMs !== undefined && { idleMs }),
      inspectConnection: inspectBrowserConnection,
      onStep: (step) => this.#status.textContent = `Now: ${step}.`,
    };
  }

  /** @param {Report} report */
  #showReport(report) {
    const { tone, word } = VERDICTS[report.verdict];
    this.#show(tone, word);
    this.#status.textContent = `Took ${formatMs(report.tookMs)}.`;
    this.#rows.replaceChildren(...rowsOf(report).map(rowView));
    this.#findings.replaceChildren(...report.findings.map(findingView));
  }

  /** @param {string} tone @param {string} word */
  #show(tone, word) {
    this.#badge.hidden = false;
    this.#badge.dataset.tone = tone;
    this.#badge.textContent = word;
  }
}

/** @param {import("../../doctor/engine/table.js").Row} row */
function rowView({ name, value, tone }) {
  const head = make("th", { scope: "row" }, name);
  return make("tr", { "data-tone": TONES[tone] }, head, make("td", {}, value));
}

/** @param {Finding} finding */
function findingView({ id, level, title, evidence, fixes }) {
  const tone = level === "problem" ? "bad" : "calm";
  const words = fixes.flatMap(({ who, what }) => [
    make("dt", {}, who),
    make("dd", {}, ...withCode(what)),
  ]);
  return make(
    "li",
    { "data-finding": id, "data-tone": tone },
    make("h3", {}, title),
    make("p", {}, evidence),
    make("dl", {}, ...words),
  );
}

/** What stands between backticks is to be typed as it is. @param {string} text */
function withCode(text) {
  return text.split("`").map((part, i) => i % 2 === 1 ? make("code", {}, part) : part);
}
