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
export function byId(id, type) {
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
export function createElement(tag, attributes = {}, ...children) {
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
 * Says whether a button works. One that does not keeps the focus, so that nobody who works by
 * keyboard is thrown back to the top.
 *
 * @param {HTMLElement} button
 * @param {boolean} isEnabled
 */
export function setEnabled(button, isEnabled) {
  button.setAttribute("aria-disabled", String(!isEnabled));
}
