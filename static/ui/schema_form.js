/**
 * The fields for a tool's arguments, or one area of raw JSON.
 *
 * @module
 */
import { argumentsOf, FieldError, fieldsOf, fieldText } from "../client/schema_fields.js";
import { byId, createElement } from "./dom.js";

/** @typedef {import("../client/schema_fields.js").Field} Field */
/** @typedef {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} Control */

export class SchemaForm {
  #box = byId("tool-fields", HTMLElement);
  #rawBox = byId("tool-raw-box", HTMLElement);
  #raw = byId("tool-raw", HTMLTextAreaElement);
  #mode = byId("tool-raw-mode", HTMLInputElement);
  /** @type {readonly Field[] | undefined} */
  #fields = [];
  /** @type {Map<string, Control>} */
  #controls = new Map();

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
    this.#fields = fieldsOf(schema);
    this.#mode.checked = this.#fields === undefined;
    this.#mode.disabled = this.#fields === undefined;
    this.#drawFields(args);
    this.#raw.value = JSON.stringify(args ?? {}, null, 2);
    this.#raw.setCustomValidity("");
    this.#drawMode();
  }

  /**
   * The arguments as they stand; undefined, with the fault shown at its field, where they are none.
   *
   * @returns {Record<string, unknown> | undefined}
   */
  read() {
    try {
      return this.#mode.checked ? this.#readRaw() : this.#readFields();
    } catch (error) {
      const control = error instanceof FieldError ? this.#controls.get(error.field) : this.#raw;
      control?.setCustomValidity(error instanceof Error ? error.message : String(error));
      control?.reportValidity();
      return undefined;
    }
  }

  #switchMode() {
    if (this.#mode.checked) this.#raw.value = JSON.stringify(this.#readAtEase(), null, 2);
    else {
      try {
        this.#drawFields(this.#readRaw());
      } catch {
        this.#drawFields(undefined);
      }
    }
    this.#drawMode();
  }

  /** What is filled in so far; a form half done is no fault yet. */
  #readAtEase() {
    try {
      return this.#readFields();
    } catch {
      return {};
    }
  }

  #drawMode() {
    this.#box.hidden = this.#mode.checked;
    this.#rawBox.hidden = !this.#mode.checked;
    // A field that cannot be seen must not hold up the form.
    for (const control of this.#controls.values()) control.disabled = this.#mode.checked;
    this.#raw.disabled = !this.#mode.checked;
  }

  /** @param {Record<string, unknown> | undefined} args */
  #drawFields(args) {
    this.#controls.clear();
    const rows = (this.#fields ?? []).map((field, i) => {
      const control = toControl(field, `field-${i}`);
      const value = args !== undefined && Object.hasOwn(args, field.name)
        ? args[field.name]
        : field.initial;
      fill(control, fieldText(field, value));
      control.addEventListener("input", () => control.setCustomValidity(""));
      this.#controls.set(field.name, control);
      return toRow(field, control);
    });
    this.#box.replaceChildren(...rows);
    if (rows.length === 0) {
      this.#box.append(createElement("p", { class: "quiet" }, "Takes no arguments."));
    }
  }

  #readFields() {
    return argumentsOf(this.#fields ?? [], (name) => {
      const control = this.#controls.get(name);
      const isBox = control instanceof HTMLInputElement && control.type === "checkbox";
      return isBox ? control.checked : control?.value ?? "";
    });
  }

  #readRaw() {
    const args = JSON.parse(this.#raw.value);
    if (typeof args === "object" && args !== null && !Array.isArray(args)) return args;
    throw new TypeError("Arguments must be a JSON object");
  }
}

/** @param {Field} field @param {string} id @returns {Control} */
function toControl(field, id) {
  const { kind, required } = field;
  const attributes = {
    id,
    name: field.name,
    "aria-describedby": `${id}-hint`,
    required: required && kind !== "boolean" && kind !== "text",
    autocomplete: "off",
    spellcheck: "false",
  };
  if (kind === "choice") {
    return createElement(
      "select",
      attributes,
      ...choices(field).map(([value, text]) => createElement("option", { value }, text)),
    );
  }
  if (kind === "json") {
    return createElement("textarea", { ...attributes, rows: "3", class: "code" });
  }
  if (kind === "boolean") return createElement("input", { ...attributes, type: "checkbox" });
  if (kind === "text") {
    const { minLength, maxLength } = field;
    return createElement("input", {
      ...attributes,
      type: "text",
      minlength: minLength?.toString(),
      maxlength: maxLength?.toString(),
    });
  }
  return createElement("input", {
    ...attributes,
    type: "number",
    step: kind === "integer" ? "1" : "any",
    min: field.min?.toString(),
    max: field.max?.toString(),
  });
}

/** @param {Field} field @returns {[string, string][]} value and text */
function choices({ options = [], required }) {
  const given = options.map((
    option,
  ) => /** @type {[string, string]} */ ([JSON.stringify(option), String(option)]));
  return required ? given : [["", "(left out)"], ...given];
}

/** @param {Control} control @param {string | boolean} text */
function fill(control, text) {
  if (control instanceof HTMLInputElement && typeof text === "boolean") control.checked = text;
  else if (typeof text === "string") {
    const fits = !(control instanceof HTMLSelectElement) ||
      [...control.options].some((option) => option.value === text);
    if (fits) control.value = text;
  }
}

/** @param {Field} field @param {Control} control */
function toRow({ name, label, hint, kind, required }, control) {
  const labelElement = createElement("label", { for: control.id }, label);
  if (label !== name) labelElement.append(" ", createElement("code", {}, name));
  if (!required) labelElement.append(" ", createElement("span", { class: "quiet" }, "optional"));
  const hints = [hint, boundsText(control), kind === "json" ? "Raw JSON." : ""].filter(Boolean);
  const hintElement = createElement(
    "p",
    { id: `${control.id}-hint`, class: "hint" },
    hints.join(" · "),
  );
  return kind === "boolean"
    ? createElement("div", { class: "field tick" }, control, labelElement, hintElement)
    : createElement("div", { class: "field" }, labelElement, control, hintElement);
}

/** @param {Control} control */
function boundsText(control) {
  if (!(control instanceof HTMLInputElement) || control.type !== "number") return "";
  const { min, max } = control;
  if (min !== "" && max !== "") return `${min} to ${max}`;
  if (min !== "") return `at least ${min}`;
  return max === "" ? "" : `at most ${max}`;
}
