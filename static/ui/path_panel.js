/**
 * The path doctor on the page: a button, its progress, and its findings.
 *
 * @module
 */
import { inspectBrowserConnection } from "../../doctor/browser.js";
import { examine } from "../../doctor/engine/examine.js";
import { MAX_IDLE_MS } from "../../doctor/engine/idle_probe.js";
import { rowsOf } from "../../doctor/engine/table.js";
import { showBadge } from "../shared/badge.js";
import { formatMs } from "../shared/formats.js";
import { byId, createElement } from "./dom.js";

/**
 * @typedef {import("../../doctor/engine/examine.js").Report} Report
 * @typedef {import("../../doctor/engine/findings.js").Finding} Finding
 */

/** @type {Record<Report["verdict"], { tone: import("../shared/badge.js").Tone, word: string }>} */
const VERDICTS = {
  ok: { tone: "ok", word: "all is well" },
  problems: { tone: "bad", word: "something is wrong" },
  unreachable: { tone: "bad", word: "unreachable" },
};
const TONES = { good: "ok", bad: "bad", plain: "calm" };
const BUTTON_TEXT = { idle: "Examine", busy: "Stop" };

export class PathPanel {
  #form = byId("path-form", HTMLFormElement);
  #button = byId("path-examine", HTMLButtonElement);
  #idle = byId("path-idle", HTMLInputElement);
  #badge = byId("path-badge", HTMLElement);
  #status = byId("path-status", HTMLElement);
  #rows = byId("path-rows", HTMLElement);
  #findings = byId("path-findings", HTMLElement);
  #urlOf;
  #credentialOf;
  /** @type {AbortController | undefined} */
  #running;

  /**
   * @param {() => string | undefined} urlOf the endpoint, where the page names a usable one
   * @param {() => import("../client/sign_in/credential.js").Credential} credentialOf what requests are
   *   sent with
   */
  constructor(urlOf, credentialOf) {
    this.#urlOf = urlOf;
    this.#credentialOf = credentialOf;
    this.#idle.max = String(MAX_IDLE_MS / 1_000);
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
    showBadge(this.#badge, "busy", "examining");
    this.#button.textContent = BUTTON_TEXT.busy;
    this.#rows.replaceChildren();
    this.#findings.replaceChildren();
    try {
      const token = await this.#credentialOf().fresh();
      this.#showReport(await examine(url, this.#options(token, this.#running.signal)));
    } catch (error) {
      const isStopped = this.#running.signal.aborted;
      showBadge(this.#badge, "calm", isStopped ? "stopped" : "failed");
      this.#status.textContent = isStopped ? "The doctor has no results." : String(error);
    }
    this.#running = undefined;
    this.#button.textContent = BUTTON_TEXT.idle;
  }

  /**
   * @param {string | undefined} token
   * @param {AbortSignal} signal
   * @returns {import("../../doctor/engine/examine.js").Options}
   */
  #options(token, signal) {
    const idleMs = this.#idle.value === "" ? undefined : this.#idle.valueAsNumber * 1_000;
    return {
      // An issuer need not let this page read its documents; that says nothing of other clients.
      reachesIssuers: false,
      signal,
      ...(token !== undefined && { headers: { authorization: `Bearer ${token}` } }),
      ...(idleMs !== undefined && { idleMs }),
      inspectConnection: inspectBrowserConnection,
      onStep: (step) => this.#status.textContent = `Now: ${step}.`,
    };
  }

  /** @param {Report} report */
  #showReport(report) {
    const { tone, word } = VERDICTS[report.verdict];
    showBadge(this.#badge, tone, word);
    this.#status.textContent = `Took ${formatMs(report.tookMs)}.`;
    this.#rows.replaceChildren(...rowsOf(report).map(rowView));
    this.#findings.replaceChildren(...report.findings.map(findingView));
  }
}

/** @param {import("../../doctor/engine/table.js").Row} row */
function rowView({ name, value, tone }) {
  const head = createElement("th", { scope: "row" }, name);
  return createElement("tr", { "data-tone": TONES[tone] }, head, createElement("td", {}, value));
}

/** @param {Finding} finding */
function findingView({ id, level, title, evidence, fixes }) {
  const tone = level === "problem" ? "bad" : "calm";
  const words = fixes.flatMap(({ who, what }) => [
    createElement("dt", {}, who),
    createElement("dd", {}, ...withCode(what)),
  ]);
  return createElement(
    "li",
    { "data-finding": id, "data-tone": tone },
    createElement("h3", {}, title),
    createElement("p", {}, evidence),
    createElement("dl", {}, ...words),
  );
}

/** What stands between backticks is to be typed as it is. @param {string} text */
function withCode(text) {
  return text.split("`").map((part, i) => i % 2 === 1 ? createElement("code", {}, part) : part);
}
