/**
 * Settings that the page keeps between visits, if the browser allows it.
 *
 * @module
 */

import { tryParse } from "../shared/json.js";
import { readStored, store } from "../shared/storage.js";

/**
 * @typedef {object} Settings
 * @property {string} dialect
 * @property {string} endpoint
 * @property {string} first method of the first request; empty for none
 * @property {boolean} reconnect
 * @property {string} tool the one called last
 * @property {Record<string, Record<string, unknown>>} args the last ones of each tool
 */

const KEY = "lifeline.sse-test";

/**
 * @param {Settings} defaults
 * @returns {{ settings: Settings, isKnown: boolean }} `isKnown`: whether there was a last time
 */
export function recall(defaults) {
  const text = readStored("localStorage", KEY);
  const stored = tryParse(text ?? "");
  if (typeof stored !== "object" || stored === null) return { settings: defaults, isKnown: false };
  const fitting = Object.entries(stored).filter(([name, value]) =>
    Object.hasOwn(defaults, name) && value !== null &&
    typeof value === typeof defaults[/** @type {keyof Settings} */ (name)]
  );
  return { settings: { ...defaults, ...Object.fromEntries(fitting) }, isKnown: true };
}

/** @param {Settings} settings */
export function remember(settings) {
  store("localStorage", KEY, JSON.stringify(settings));
}
