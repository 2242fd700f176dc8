/**
 * JSON that may be none.
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
 * Text laid out for reading where it is JSON; else unchanged.
 *
 * @param {string} text
 */
export function prettyJson(text) {
  const value = tryParse(text);
  return value === undefined ? text : JSON.stringify(value, null, 2);
}
