/**
 * What the page remembers from visit to visit. A browser that forbids it just forgets.
 *
 * @module
 */

/**
 * @typedef {object} Settings
 * @property {string} endpoint
 * @property {string} first method of the first request; empty for none
 * @property {boolean} comesBack
 * @property {string} tool the one called last
 * @property {Record<string, Record<string, unknown>>} args the last ones of each tool
 */

const KEY = "lifeline.sse-test";

/**
 * @param {Settings} defaults
 * @returns {{ settings: Settings, isKnown: boolean }} `isKnown`: whether there was a last time
 */
export function recall(defaults) {
  try {
    const text = localStorage.getItem(KEY);
    const kept = JSON.parse(text ?? "{}");
    const fitting = Object.entries(kept).filter(([name, value]) =>
      name in defaults && typeof value === typeof defaults[/** @type {keyof Settings} */ (name)] &&
      value !== null
    );
    return { settings: { ...defaults, ...Object.fromEntries(fitting) }, isKnown: text !== null };
  } catch {
    return { settings: defaults, isKnown: false };
  }
}

/** @param {Settings} settings */
export function remember(settings) {
  try {
    localStorage.setItem(KEY, JSON.stringify(settings));
  } catch {
    // Storage is full or forbidden; the page works without.
  }
}
