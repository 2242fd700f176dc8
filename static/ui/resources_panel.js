/**
 * The resources of the server, and the field for the address of the one to read.
 *
 * @module
 */
import { byId, createElement } from "./dom.js";

/**
 * @typedef {{ uri: string, name: string, title?: string, description?: string }} Resource
 * @typedef {{ uriTemplate: string, name: string, title?: string, description?: string }} Template
 */

export class ResourcesPanel {
  #form = byId("resource-form", HTMLFormElement);
  #select = byId("resource", HTMLSelectElement);
  #uri = byId("resource-uri", HTMLInputElement);
  #about = byId("resource-about", HTMLElement);
  #hint = byId("resources-hint", HTMLElement);
  /** What each entry of the list says of itself, by its address. @type {Map<string, string>} */
  #abouts = new Map();

  /** @param {(uri: string) => void} onRead */
  constructor(onRead) {
    this.#select.addEventListener("change", () => this.#choose());
    this.#uri.addEventListener("input", () => this.#uri.setCustomValidity(""));
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.#isComplete()) onRead(this.#uri.value);
    });
  }

  /** @param {readonly Resource[]} resources @param {readonly Template[]} templates */
  show(resources, templates) {
    const entries = [
      ...resources.map(({ uri, ...rest }) => ({ address: uri, ...rest })),
      ...templates.map(({ uriTemplate, ...rest }) => ({ address: uriTemplate, ...rest })),
    ];
    this.#abouts = new Map(entries.map(({ address, description = "" }) => [address, description]));
    this.#select.replaceChildren(
      ...entries.map(({ address, name, title }) =>
        createElement("option", { value: address }, `${title ?? name} – ${address}`)
      ),
    );
    this.#form.hidden = entries.length === 0;
    this.#hint.hidden = entries.length > 0;
    this.#hint.textContent = "This server has no resources.";
    this.#choose();
  }

  #choose() {
    this.#uri.value = this.#select.value;
    this.#uri.setCustomValidity("");
    this.#about.textContent = this.#abouts.get(this.#select.value) ?? "";
  }

  /** A template is an address once its variables have values. */
  #isComplete() {
    const variable = /\{[^}]*\}/.exec(this.#uri.value)?.[0];
    if (variable !== undefined) this.#uri.setCustomValidity(`Put a value in place of ${variable}`);
    return this.#uri.reportValidity();
  }
}
