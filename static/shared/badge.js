/**
 * A badge: a state in a word, with a colour.
 *
 * @module
 */

/** @typedef {"ok" | "calm" | "warn" | "bad" | "busy"} Tone */

/**
 * Writes only what has changed, so that a screen reader says nothing twice.
 *
 * @param {HTMLElement} badge
 * @param {Tone} tone
 * @param {string} text
 */
export function showBadge(badge, tone, text) {
  badge.hidden = false;
  badge.dataset.tone = tone;
  if (badge.textContent !== text) badge.textContent = text;
}
