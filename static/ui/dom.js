/**
 * Small helpers around the DOM. Text goes in as text nodes only, so nothing a server sends is ever
 * read as markup.
 *
 * @module
 */

/**
 * The element with that id.
 *
 * @template {typeof Element} T
 * @param {string} id
 * @param {T} type
 * @returns {InstanceType<T>}
 */
export function find(id, type) {
  const element = document.getElementById(id);
  if (element instanceof type) return /** @type {InstanceType<T>} */ (element);
  throw new Error(`Cannot find #${id}`);
}

/**
 * Makes an element.
 *
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string | boolean | undefined>} [attributes] false and undefined are left out
 * @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? "" : value);
    }
  }
  element.append(...children);
  return element;
}

/**
 * Text as it is where it is no JSON, else laid out for reading.
 *
 * @param {string} text
 */
export function prettyJson(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/**
 * A time span for people.
 *
 * @param {number} ms
 */
export function formatMs(ms) {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s`;
  const seconds = Math.floor(ms / 1_000);
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60];
  return hours > 0 ? `${hours} h ${minutes} min` : `${minutes} min ${seconds % 60} s`;
}

/** A time span that counts up, in whole seconds. @param {number} ms */
export function formatAge(ms) {
  const seconds = Math.floor(ms / 1_000);
  return seconds < 60 ? `${seconds} s` : formatMs(seconds * 1_000);
}

/**
 * @param {number} bytes
 */
export function formatBytes(bytes) {
  if (bytes < 1_024) return `${bytes} B`;
  return bytes < 1_048_576
    ? `${(bytes / 1_024).toFixed(1)} KiB`
    : `${(bytes / 1_048_576).toFixed(1)} MiB`;
}
