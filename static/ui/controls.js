/**
 * The control of one field.
 *
 * @module
 */
import { createElement } from "./dom.js";

/**
 * @typedef {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} Control
 * @typedef {import("../client/schema_fields.js").Field} Field
 * @typedef {import("../client/field_values.js").Raw} Raw
 */

/** Formats that browsers have a kind of input for. @type {Readonly<Record<string, string>>} */
const INPUT_TYPES = { email: "email", uri: "url", date: "date" };
/** Rows of a list to choose several from. */
const MAX_ROWS = 6;

/**
 * @param {Field} field
 * @param {string} id
 * @param {string} path of the field in its form
 * @returns {Control}
 */
export function createControl(field, id, path) {
  const { kind, required } = field;
  const attributes = {
    id,
    name: path.replace(/^\./, ""),
    "aria-describedby": `${id}-hint`,
    // An empty text is valid, unless the schema wants some length.
    required: required && !["boolean", "choices"].includes(kind) &&
      (kind !== "text" || field.minLength !== undefined),
    autocomplete: "off",
    spellcheck: "false",
  };
  switch (kind) {
    case "choice":
      return createElement("select", attributes, ...choices(field));
    case "choices": {
      const size = String(Math.min(MAX_ROWS, Math.max(2, field.options?.length ?? 0)));
      return createElement("select", { ...attributes, multiple: true, size }, ...options(field));
    }
    case "json":
      return createElement("textarea", {
        ...attributes,
        rows: "3",
        class: "code",
        placeholder: JSON.stringify(field.example),
      });
    case "boolean":
      return createElement("input", { ...attributes, type: "checkbox" });
    case "text":
      return createElement("input", {
        ...attributes,
        type: INPUT_TYPES[field.format ?? ""] ?? "text",
        minlength: field.minLength?.toString(),
        maxlength: field.maxLength?.toString(),
      });
    default:
      return createElement("input", {
        ...attributes,
        type: "number",
        step: kind === "integer" ? "1" : "any",
        min: field.min?.toString(),
        max: field.max?.toString(),
      });
  }
}

/** @param {Control} control @returns {Raw} */
export function readControl(control) {
  if (control instanceof HTMLSelectElement && control.multiple) {
    return [...control.selectedOptions].map(({ value }) => value);
  }
  const isBox = control instanceof HTMLInputElement && control.type === "checkbox";
  return isBox ? control.checked : control.value;
}

/** @param {Control} control @param {Raw} raw */
export function writeControl(control, raw) {
  if (typeof raw === "boolean") {
    if (control instanceof HTMLInputElement) control.checked = raw;
  } else if (Array.isArray(raw)) {
    if (!(control instanceof HTMLSelectElement)) return;
    for (const option of control.options) option.selected = raw.includes(option.value);
  } else {
    const fits = !(control instanceof HTMLSelectElement) ||
      [...control.options].some((option) => option.value === raw);
    if (fits) control.value = raw;
  }
}

/** @param {Field} field */
function choices(field) {
  const given = options(field);
  if (field.required) return given;
  return [createElement("option", { value: "" }, "(left out)"), ...given];
}

/** @param {Field} field */
function options({ options = [], titles = [] }) {
  return options.map((option, i) =>
    createElement("option", { value: JSON.stringify(option) }, titles[i] ?? String(option))
  );
}
