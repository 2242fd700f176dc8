/**
 * Helpers that the charts share.
 *
 * @module
 */

const STEPS = [1, 2, 5];

/**
 * Creates an SVG element.
 *
 * @template {keyof SVGElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string | number>} [attributes]
 * @param {(Node | string)[]} children
 * @returns {SVGElementTagNameMap[K]}
 */
export function createSvgElement(tag, attributes = {}, ...children) {
  // Takes the namespace from the logo, because no address of another host may stand in a script.
  const { namespaceURI } = /** @type {Element} */ (document.querySelector("svg"));
  const element = document.createElementNS(namespaceURI, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return /** @type {SVGElementTagNameMap[K]} */ (element);
}

/** The next of 1, 2, 5, 10, 20, 50 … @param {number} value */
export function niceCeil(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * (STEPS.find((step) => step * power >= value) ?? 10);
}
