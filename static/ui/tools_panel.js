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
  #search = byId("tool-search", HTMLInputElement);
  #count = byId("tool-count", HTMLElement);
  /** @type {Map<string, Tool>} */
  #tools = new Map();

  /** @param {ToolsListener} listener */
  constructor(listener) {
    this.#listener = listener;
    this.#select.addEventListener("change", () => this.#draw());
    this.#search.addEventListener("input", () => this.#filter());
    // Enter moves to the list. It must not call a tool unseen.
    this.#search.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      this.#select.focus();
    });
    this.#formElement.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.#select.value === "") return;
      const args = this.#form.read();
      if (args !== undefined) this.#listener.onCall(this.#select.value, args);
    });
  }

  /**
   * Shows these tools; the selected tool stays selected, with its values.
   *
   * @param {readonly Tool[]} tools
   * @param {string} preferred chosen where none is yet
   */
  setTools(tools, preferred) {
    const chosen = this.#select.value || preferred;
    const before = JSON.stringify(this.#tools.get(chosen));
    this.#tools = new Map(tools.map((tool) => [tool.name, tool]));
    this.#search.value = "";
    this.#drawOptions(tools);
    if (this.#tools.has(chosen)) this.#select.value = chosen;
    this.#formElement.hidden = tools.length === 0;
    this.#hint.hidden = tools.length > 0;
    this.#hint.textContent = "This server has no tools.";
    if (this.#select.value !== chosen || JSON.stringify(this.#tools.get(chosen)) !== before) {
      this.#draw();
    }
  }

  /** Shows the tools with all words in their name, title or description. */
  #filter() {
    const words = this.#search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = this.#select.value;
    const found = [...this.#tools.values()].filter(({ name, title = "", description = "" }) => {
      const text = `${name} ${title} ${description}`.toLowerCase();
      return words.every((word) => text.includes(word));
    });
    this.#drawOptions(found);
    if (found.some(({ name }) => name === chosen)) this.#select.value = chosen;
    else this.#draw();
  }

  /** @param {readonly Tool[]} tools */
  #drawOptions(tools) {
    this.#select.replaceChildren(
      ...tools.map(({ name, title }) => {
        const text = title && title !== name ? `${name} – ${title}` : name;
        return createElement("option", { value: name }, text);
      }),
    );
    const total = this.#tools.size;
    this.#count.textContent = tools.length === total
      ? ""
      : tools.length === 0
      ? "No tool matches."
      : `${tools.length} of ${total} tools match.`;
  }

  #draw() {
    const tool = this.#tools.get(this.#select.value);
    if (tool === undefined) return;
    this.#about.textContent = tool.description ?? "";
    this.#form.show(tool.inputSchema, this.#listener.argsOf(tool.name));
  }
}
