/**
 * Text that may or may not be JSON.
 *
 * @module
 */

/**
 * @param {string} text
 * @returns {any} what the text stands for; undefined where it is not JSON
 */
export function tryParse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Indents JSON; returns other text unchanged.
 *
 * @param {string} text
 */
export function prettyJson(text) {
  const value = tryParse(text);
  return value === undefined ? text : JSON.stringify(value, null, 2);
}
