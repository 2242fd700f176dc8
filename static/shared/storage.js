/**
 * Storage of a page. A browser may forbid it; the page works without it.
 *
 * @module
 */

/** @typedef {"localStorage" | "sessionStorage"} Area for all visits, or for this tab */

/**
 * @param {Area} area
 * @param {string} key
 * @returns {string | undefined} undefined where nothing is stored, or storage is forbidden
 */
export function readStored(area, key) {
  try {
    return globalThis[area].getItem(key) ?? undefined;
  } catch {
    return undefined;
  }
}

/**
 * @param {Area} area
 * @param {string} key
 * @param {string} text
 */
export function store(area, key, text) {
  try {
    globalThis[area].setItem(key, text);
  } catch {
    // Storage is full or forbidden.
  }
}
