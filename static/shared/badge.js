/**
 * A badge: a state as a word with a colour.
 *
 * @module
 */

/** @typedef {"ok" | "calm" | "warn" | "bad" | "busy"} Tone */

/**
 * Writes only changes, so that a screen reader repeats nothing.
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
