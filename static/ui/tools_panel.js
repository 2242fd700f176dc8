/**
 * The tools of the server, and the form that calls one.
 *
 * @module
 */
import { byId, createElement } from "./dom.js";
import { SchemaForm } from "./schema_form.js";

/**
 * @typedef {{ name: string, title?: string, description?: string, inputSchema: object }} Tool
 * @typedef {Record<string, unknown>} Args
 * @typedef {object} ToolsListener
 * @property {(name: string, args: Args) => void} onCall
 * @property {(name: string) => Args | undefined} argsOf the last ones of that tool
 */

export class ToolsPanel {
  #listener;
  #form = new SchemaForm();
  #formElement = byId("tool-form", HTMLFormElement);
  #select = byId("tool", HTMLSelectElement);
  #about = byId("tool-about", HTMLElement);
  #hint = byId("tools-hint", HTMLElement);
  /** @type {Map<string, Tool>} */
  #tools = new Map();

  /** @param {ToolsListener} listener */
  constructor(listener) {
    this.#listener = listener;
    this.#select.addEventListener("change", () => this.#draw());
    this.#formElement.addEventListener("submit", (event) => {
      event.preventDefault();
      const args = this.#form.read();
      if (args !== undefined) this.#listener.onCall(this.#select.value, args);
    });
  }

  /**
   * Shows these tools; the one chosen stays chosen, with what is filled in.
   *
   * @param {readonly Tool[]} tools
   * @param {string} preferred chosen where none is yet
   */
  setTools(tools, preferred) {
    const chosen = this.#select.value || preferred;
    const before = JSON.stringify(this.#tools.get(chosen));
    this.#tools = new Map(tools.map((tool) => [tool.name, tool]));
    this.#select.replaceChildren(
      ...tools.map(({ name, title }) =>
        createElement(
          "option",
          { value: name },
          title && title !== name ? `${name} – ${title}` : name,
        )
      ),
    );
    if (this.#tools.has(chosen)) this.#select.value = chosen;
    this.#formElement.hidden = tools.length === 0;
    this.#hint.hidden = tools.length > 0;
    this.#hint.textContent = "This server has no tools.";
    if (this.#select.value !== chosen || JSON.stringify(this.#tools.get(chosen)) !== before) {
      this.#draw();
    }
  }

  #draw() {
    const tool = this.#tools.get(this.#select.value);
    if (tool === undefined) return;
    this.#about.textContent = tool.description ?? "";
    this.#form.show(tool.inputSchema, this.#listener.argsOf(tool.name));
  }
}
