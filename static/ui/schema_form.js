/**
 * The form of a tool's arguments, or one area of raw JSON.
 *
 * @module
 */
import { formOf } from "../client/schema_fields.js";
import { byId } from "./dom.js";
import { FieldForm } from "./field_form.js";

export class SchemaForm {
  #box = byId("tool-fields", HTMLElement);
  #form = new FieldForm(this.#box, "field");
  #rawBox = byId("tool-raw-box", HTMLElement);
  #raw = byId("tool-raw", HTMLTextAreaElement);
  #mode = byId("tool-raw-mode", HTMLInputElement);
  /** @type {import("../client/schema_fields.js").Field | undefined} */
  #field;

  constructor() {
    this.#mode.addEventListener("change", () => this.#switchMode());
    this.#raw.addEventListener("input", () => this.#raw.setCustomValidity(""));
  }

  /**
   * Shows the form of a schema.
   *
   * @param {Record<string, any>} schema
   * @param {Record<string, unknown>} [args] filled in, where they fit
   */
  show(schema, args) {
    this.#field = formOf(schema);
    this.#mode.checked = this.#field === undefined;
    this.#mode.disabled = this.#field === undefined;
    if (this.#field === undefined) this.#box.replaceChildren();
    else this.#form.show(this.#field, args);
    this.#raw.value = JSON.stringify(args ?? {}, null, 2);
    this.#raw.setCustomValidity("");
    this.#drawMode();
  }

  /**
   * The arguments; undefined, with the fault shown at its field, where something is wrong.
   *
   * @returns {Record<string, unknown> | undefined}
   */
  read() {
    if (!this.#mode.checked) return this.#form.read();
    try {
      return this.#readRaw();
    } catch (error) {
      this.#raw.setCustomValidity(error instanceof Error ? error.message : String(error));
      this.#raw.reportValidity();
      return undefined;
    }
  }

  #switchMode() {
    if (this.#mode.checked) this.#raw.value = JSON.stringify(this.#readSoFar(), null, 2);
    else if (this.#field !== undefined) {
      try {
        this.#form.show(this.#field, this.#readRaw());
      } catch {
        this.#form.show(this.#field);
      }
    }
    this.#drawMode();
  }

  /** The values so far, even if the form is incomplete. */
  #readSoFar() {
    try {
      return this.#form.readOrThrow();
    } catch {
      return {};
    }
  }

  #drawMode() {
    this.#box.hidden = this.#mode.checked;
    this.#rawBox.hidden = !this.#mode.checked;
    this.#form.disable(this.#mode.checked);
    this.#raw.disabled = !this.#mode.checked;
  }

  #readRaw() {
    const args = JSON.parse(this.#raw.value);
    if (typeof args === "object" && args !== null && !Array.isArray(args)) return args;
    throw new TypeError("Arguments must be a JSON object");
  }
}
