/**
 * The state of the connection in one word, and its meaning in a sentence.
 *
 * @module
 */
import { explain } from "../client/close_reasons.js";
import { showBadge } from "../shared/badge.js";
import { formatAge, formatBytes } from "../shared/formats.js";
import { byId } from "./dom.js";

/** @typedef {import("../client/session.js").Session} Session */
/** @typedef {import("../client/session.js").State} State */

/** @type {Record<"idle" | "connecting" | "open" | "closing", { tone: import("../shared/badge.js").Tone, word: string, text: string }>} */
const PHASES = {
  idle: { tone: "calm", word: "not connected", text: "Connect to open a stream." },
  connecting: { tone: "busy", word: "connecting", text: "Waiting for the server." },
  open: { tone: "ok", word: "connected", text: "Events arrive as they happen." },
  closing: { tone: "busy", word: "closing", text: "Waiting for the server to close the stream." },
};

export class StateBadge {
  #badge = byId("state-badge", HTMLElement);
  #text = byId("state-text", HTMLElement);
  #retry = byId("state-retry", HTMLElement);
  #facts = byId("facts", HTMLElement);
  #retryAt = 0;

  /** @param {State} state */
  show(state) {
    const { tone, word, text } = state.phase === "closed" ? closedView(state) : PHASES[state.phase];
    showBadge(this.#badge, tone, word);
    this.#text.textContent = text;
    const retryInMs = state.phase === "closed" ? state.retryInMs : undefined;
    this.#retryAt = retryInMs === undefined ? 0 : performance.now() + retryInMs;
    this.#retry.textContent = "";
  }

  /**
   * Draws the parts that change with time.
   *
   * @param {Session} session
   */
  tick(session) {
    if (this.#retryAt > 0) {
      const leftMs = Math.max(0, this.#retryAt - performance.now());
      this.#retry.textContent = `Trying again in ${Math.ceil(leftMs / 1_000)} s.`;
    }
    this.#facts.hidden = session.phase !== "open";
    if (session.phase !== "open") return;
    byId("fact-id", HTMLElement).textContent = session.connectionId;
    byId("fact-open", HTMLElement).textContent = formatAge(performance.now() - session.openedAt);
    byId("fact-events", HTMLElement).textContent = String(session.events);
    byId("fact-bytes", HTMLElement).textContent = formatBytes(session.bytes);
  }
}

/** @param {Extract<State, { phase: "closed" }>} state */
function closedView({ end: { reason, detail } }) {
  const { tone, text } = explain(reason);
  return { tone, word: `closed: ${reason}`, text: detail ? `${text} (${detail})` : text };
}
