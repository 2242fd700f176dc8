/**
 * The prompts of the server, and the form that gets one.
 *
 * @module
 */
import { formOf } from "../client/schema_fields.js";
import { byId, createElement } from "./dom.js";
import { FieldForm } from "./field_form.js";

/**
 * @typedef {{ name: string, title?: string, description?: string, required?: boolean }} Argument
 * @typedef {object} Prompt
 * @property {string} name
 * @property {string} [title]
 * @property {string} [description]
 * @property {Argument[]} [arguments]
 */

export class PromptsPanel {
  #form = byId("prompt-form", HTMLFormElement);
  #select = byId("prompt", HTMLSelectElement);
  #about = byId("prompt-about", HTMLElement);
  #hint = byId("prompts-hint", HTMLElement);
  #fields = new FieldForm(byId("prompt-fields", HTMLElement), "prompt-field");
  /** @type {Map<string, Prompt>} */
  #prompts = new Map();

  /** @param {(name: string, args: Record<string, unknown>) => void} onGet */
  constructor(onGet) {
    this.#select.addEventListener("change", () => this.#draw());
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      const args = this.#fields.read();
      if (args !== undefined) onGet(this.#select.value, args);
    });
  }

  /** @param {readonly Prompt[]} prompts */
  show(prompts) {
    this.#prompts = new Map(prompts.map((prompt) => [prompt.name, prompt]));
    this.#select.replaceChildren(
      ...prompts.map(({ name, title }) =>
        createElement(
          "option",
          { value: name },
          title && title !== name ? `${name} – ${title}` : name,
        )
      ),
    );
    this.#form.hidden = prompts.length === 0;
    this.#hint.hidden = prompts.length > 0;
    this.#hint.textContent = "This server has no prompts.";
    this.#draw();
  }

  #draw() {
    const prompt = this.#prompts.get(this.#select.value);
    if (prompt === undefined) return;
    this.#about.textContent = prompt.description ?? "";
    const args = prompt.arguments ?? [];
    const field = formOf({
      type: "object",
      properties: Object.fromEntries(
        args.map(({ name, title, description }) => [name, { type: "string", title, description }]),
      ),
      required: args.filter(({ required }) => required).map(({ name }) => name),
    });
    if (field !== undefined) this.#fields.show(field);
  }
}
