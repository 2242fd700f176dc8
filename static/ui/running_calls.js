/**
 * Tool calls in flight, each with its progress and a button to stop it; and lost calls.
 *
 * @module
 */
import { CallFailed } from "../client/calls.js";
import { formatMs } from "../shared/formats.js";
import { byId, createElement } from "./dom.js";

/** @typedef {import("../client/calls.js").Call} Call */
/** @typedef {import("../client/calls.js").Progress} Progress */

/** Shorter calls are not shown, so that the page does not flicker (ms). */
const PATIENCE_MS = 150;
/** Least time between two drawings of progress (ms). */
const DRAW_EVERY_MS = 100;

export class RunningCalls {
  #section = byId("running", HTMLElement);
  #list = byId("running-list", HTMLElement);
  #onAbort;
  /** @type {Map<HTMLElement, { startedAt: number, elapsed: HTMLElement }>} */
  #rows = new Map();

  /** @param {(id: string) => void} onAbort */
  constructor(onAbort) {
    this.#onAbort = onAbort;
  }

  /**
   * Shows a call until it is over.
   *
   * @param {string} name
   * @param {(onProgress: (progress: Progress) => void) => Call} start
   */
  async track(name, start) {
    // A bar without a value shows that nothing is known yet.
    const bar = createElement("progress", { "aria-label": `Progress of ${name}` });
    const text = createElement("span", { class: "quiet" }, "running");
    const draw = atMostEvery(DRAW_EVERY_MS, (/** @type {Progress} */ progress) => {
      showProgress(progress, bar, text);
      show();
    });
    const call = start(draw);
    const elapsed = createElement("span", { class: "quiet" });
    const abort = createElement("button", { type: "button", class: "small" }, "Abort");
    abort.setAttribute("aria-label", `Abort ${name} (${call.id})`);
    abort.addEventListener("click", () => this.#onAbort(call.id));
    const title = createElement(
      "p",
      {},
      createElement("strong", {}, name),
      " ",
      createElement("code", {}, call.id),
    );
    const row = createElement("li", {}, title, elapsed, abort, bar, text);
    let isOver = false;
    const show = () => {
      // Late progress must not bring the row back.
      if (isOver) return;
      this.#rows.set(row, { startedAt: call.startedAt, elapsed });
      if (!row.isConnected) this.#list.append(row);
      this.#section.hidden = false;
    };
    const timer = setTimeout(show, PATIENCE_MS);
    try {
      return await call.result;
    } catch (error) {
      if (error instanceof CallFailed && error.kind === "lost") this.#addLost(title, error);
      throw error;
    } finally {
      isOver = true;
      clearTimeout(timer);
      this.#remove(row);
    }
  }

  tick() {
    for (const { startedAt, elapsed } of this.#rows.values()) {
      elapsed.textContent = formatMs(performance.now() - startedAt);
    }
  }

  /** A lost call stays until somebody dismisses it. @param {HTMLElement} title @param {Error} error */
  #addLost(title, error) {
    const dismiss = createElement("button", { type: "button", class: "small" }, "Dismiss");
    dismiss.setAttribute("aria-label", `Dismiss ${title.textContent}`);
    const why = createElement("p", { class: "why" }, `Lost. ${error.message}.`);
    const row = createElement("li", { class: "lost", role: "alert" }, title, dismiss, why);
    dismiss.addEventListener("click", () => this.#remove(row));
    this.#list.append(row);
    this.#section.hidden = false;
  }

  /** @param {HTMLElement} row */
  #remove(row) {
    const hadFocus = row.contains(document.activeElement);
    this.#rows.delete(row);
    row.remove();
    this.#section.hidden = this.#list.childElementCount === 0;
    // Keyboard users keep their place.
    if (hadFocus) byId("call", HTMLButtonElement).focus();
  }
}

/**
 * Throttles a function: passes on the latest value, at most once in that time.
 *
 * @template T
 * @param {number} ms
 * @param {(value: T) => void} act
 * @returns {(value: T) => void}
 */
function atMostEvery(ms, act) {
  let actedAt = -Infinity;
  let timer = 0;
  /** @type {T} */
  let latest;
  const run = () => {
    timer = 0;
    actedAt = performance.now();
    act(latest);
  };
  return (value) => {
    latest = value;
    if (timer === 0) timer = setTimeout(run, Math.max(0, actedAt + ms - performance.now()));
  };
}

/** @param {Progress} progress @param {HTMLProgressElement} bar @param {HTMLElement} text */
function showProgress({ progress, total, message }, bar, text) {
  const isShare = typeof total === "number" && total > 0 && typeof progress === "number";
  if (isShare) {
    bar.max = total;
    bar.value = progress;
  }
  const figure = isShare ? `${progress} of ${total}` : String(progress);
  text.textContent = message ? `${figure} · ${message}` : figure;
}
