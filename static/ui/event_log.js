/**
 * The live log: filter, pause, clear, export. It draws a few times a second, and only the newest
 * rows, so that many events cost no more than the screen can show.
 *
 * @module
 */
import { formatClockMs } from "../shared/formats.js";
import { prettyJson } from "../shared/json.js";
import { byId, createElement } from "./dom.js";
import { EventStore } from "./event_store.js";
import { download, toJsonLines } from "./log_export.js";

/** @typedef {import("./event_store.js").StoredEvent} StoredEvent */

/** Every kind of entry; a stream's event of another name counts as `other`. */
const KINDS = /** @type {const} */ ([
  "welcome",
  "response",
  "error",
  "ping",
  "message",
  "close",
  "sent",
  "note",
  "other",
]);
const MAX_ROWS = 300;
/** Nobody reads faster, and each drawing lays out the whole list (ms). */
const DRAW_EVERY_MS = 100;

export class EventLog {
  #store = new EventStore();
  #hidden = new Set();
  #text = "";
  #isPaused = false;
  #isFrameAsked = false;
  #drawnAt = -Infinity;
  /** Number of the newest event that was drawn. */
  #seen = 0;
  #list = byId("log-list", HTMLOListElement);
  #status = byId("log-status", HTMLElement);
  #pause = byId("log-pause", HTMLButtonElement);
  /** @type {Map<string, { count: number, chip: HTMLElement, label: HTMLElement }>} */
  #kinds = new Map();

  constructor() {
    for (const kind of KINDS) this.#addChip(kind);
    const search = byId("log-search", HTMLInputElement);
    search.addEventListener("input", () => {
      this.#text = search.value;
      this.#redraw();
    });
    this.#pause.addEventListener("click", () => this.#togglePause());
    byId("log-clear", HTMLButtonElement).addEventListener("click", () => this.#clear());
    byId("log-export", HTMLButtonElement).addEventListener("click", () => this.#export());
  }

  /** @param {import("../client/session.js").Entry} entry */
  add({ kind, level, summary, data }) {
    const known = this.#kinds.has(kind);
    const counted = known ? kind : "other";
    this.#store.add({
      kind: counted,
      level,
      summary: known ? summary : `${kind} · ${summary}`,
      data,
    });
    const chip = this.#kinds.get(counted);
    if (chip) chip.count++;
    this.#askFrame();
  }

  /** @param {string} kind */
  #addChip(kind) {
    const box = createElement("input", { type: "checkbox", checked: true });
    const label = createElement("span", { class: "count" });
    box.addEventListener("change", () => {
      if (box.checked) this.#hidden.delete(kind);
      else this.#hidden.add(kind);
      this.#redraw();
    });
    const chip = createElement("label", { class: "chip", "data-kind": kind }, box, kind, label);
    chip.hidden = kind === "other";
    this.#kinds.set(kind, { count: 0, chip, label });
    byId("log-kinds", HTMLElement).append(chip);
  }

  #togglePause() {
    this.#isPaused = !this.#isPaused;
    this.#pause.setAttribute("aria-pressed", String(this.#isPaused));
    this.#askFrame();
  }

  #clear() {
    this.#store.clear();
    for (const chip of this.#kinds.values()) chip.count = 0;
    this.#redraw();
  }

  #export() {
    const time = new Date().toISOString().replace(/[:.]/g, "-");
    download(`lifeline-events-${time}.jsonl`, toJsonLines(this.#store.events));
  }

  #redraw() {
    this.#seen = 0;
    this.#list.replaceChildren();
    this.#drawNew();
    this.#askFrame();
  }

  #askFrame() {
    if (this.#isFrameAsked) return;
    this.#isFrameAsked = true;
    const waitMs = this.#drawnAt + DRAW_EVERY_MS - performance.now();
    setTimeout(() => requestAnimationFrame(() => this.#draw()), Math.max(0, waitMs));
  }

  #draw() {
    this.#isFrameAsked = false;
    this.#drawnAt = performance.now();
    if (!this.#isPaused) this.#drawNew();
    this.#drawCounts();
  }

  #drawNew() {
    const filter = { hidden: this.#hidden, text: this.#text, after: this.#seen };
    this.#seen = this.#store.newestNumber;
    this.#list.prepend(...this.#store.newest(filter, MAX_ROWS).map(toRow));
    while (this.#list.childElementCount > MAX_ROWS) this.#list.lastElementChild?.remove();
  }

  #drawCounts() {
    for (const { count, chip, label } of this.#kinds.values()) {
      label.textContent = count === 0 ? "" : String(count);
      if (count > 0) chip.hidden = false;
    }
    const total = this.#store.events.length;
    const waiting = this.#store.newestNumber - this.#seen;
    this.#status.textContent = total === 0
      ? "Nothing yet. Connect, and every event shows up here."
      : `${this.#list.childElementCount} of ${total} shown, newest first` +
        (this.#isPaused ? `. Paused, ${waiting} new` : "");
  }
}

/** @param {StoredEvent} event */
function toRow({ kind, level, summary, data, time }) {
  const details = createElement(
    "details",
    {},
    createElement(
      "summary",
      {},
      createElement("time", { datetime: time.toISOString() }, formatClockMs(time)),
      createElement("span", { class: "kind" }, kind),
      createElement(
        "span",
        { class: "what" },
        ...(level === undefined ? [] : [createElement("span", { class: "level" }, level), " "]),
        summary,
      ),
    ),
  );
  // The details are laid out only when they are opened.
  details.addEventListener("toggle", () => {
    if (details.childElementCount === 1) details.append(createElement("pre", {}, prettyJson(data)));
  }, { once: true });
  return createElement("li", { "data-kind": kind, "data-level": level }, details);
}
