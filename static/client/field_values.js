/**
 * Converts between the fields of a form and values: the input becomes arguments, and arguments become
 * what the fields show. Each field has a path: `.a.b` for a field in a group, `.a|1` for the second
 * variant of a union.
 *
 * @module
 */
import { tryParse } from "../shared/json.js";

/**
 * @typedef {import("./schema_fields.js").Field} Field
 * @typedef {string | boolean | string[]} Raw what a control holds: a text, a tick, or texts chosen
 */

/** An error in one field. */
export class FieldError extends Error {
  /** @param {string} path @param {string} message */
  constructor(path, message) {
    super(message);
    this.path = path;
  }
}

/** @param {string} path @param {Field} field in the group at the path */
export function pathIn(path, { name }) {
  return `${path}.${name}`;
}

/** @param {string} path @param {number} variant of the union at the path */
export function variantPath(path, variant) {
  return `${path}|${variant}`;
}

/**
 * The value of a field; empty optional fields are left out.
 *
 * @param {Field} field
 * @param {(path: string) => Raw} rawOf what the control at a path holds: of an optional group
 *   whether it is included, of a union the number of the variant
 * @param {string} [path]
 * @returns {unknown} undefined where it is left out
 * @throws {FieldError}
 */
export function readValue(field, rawOf, path = "") {
  switch (field.kind) {
    case "group":
      if (!field.required && rawOf(path) !== true) return undefined;
      return readGroup(field.fields ?? [], rawOf, path);
    case "union": {
      const chosen = rawOf(path);
      if (chosen === "") return undefined;
      const variant = field.variants?.[Number(chosen)];
      return variant && readValue(variant, rawOf, variantPath(path, Number(chosen)));
    }
    case "constant":
      return field.initial;
    default:
      return readSimple(field, rawOf(path), path);
  }
}

/**
 * The contents of the controls for a value.
 *
 * @param {Field} field
 * @param {unknown} [value] the field's default where it is left out
 * @param {string} [path]
 * @returns {Map<string, Raw>} by path
 */
export function rawValues(field, value = field.initial, path = "") {
  switch (field.kind) {
    case "group": {
      const object = /** @type {any} */ (isObject(value) ? value : {});
      const inner = (field.fields ?? []).flatMap((one) => {
        const own = Object.hasOwn(object, one.name) ? object[one.name] : undefined;
        return [...rawValues(one, own, pathIn(path, one))];
      });
      return new Map([[path, value !== undefined], ...inner]);
    }
    case "union": {
      const chosen = chosenVariant(field, value);
      const inner = (field.variants ?? []).flatMap((variant, i) => [
        ...rawValues(variant, i === chosen ? value : undefined, variantPath(path, i)),
      ]);
      return new Map([[path, chosen < 0 ? "" : String(chosen)], ...inner]);
    }
    case "constant":
      return new Map();
    default:
      return new Map([[path, rawOfSimple(field, value)]]);
  }
}

/** @param {readonly Field[]} fields @param {(path: string) => Raw} rawOf @param {string} path */
function readGroup(fields, rawOf, path) {
  /** @type {[string, unknown][]} */
  const entries = [];
  for (const field of fields) {
    const value = readValue(field, rawOf, pathIn(path, field));
    if (value !== undefined) entries.push([field.name, value]);
  }
  return Object.fromEntries(entries);
}

/** @param {Field} field @param {Raw} raw @param {string} path */
function readSimple({ kind, required }, raw, path) {
  if (typeof raw === "boolean") return raw;
  if (Array.isArray(raw)) {
    return raw.length === 0 && !required ? undefined : raw.map((text) => tryParse(text));
  }
  const isEmpty = raw.trim() === "";
  if (kind === "text") return raw === "" && !required ? undefined : raw;
  if (isEmpty && !required) return undefined;
  if (kind === "number" || kind === "integer") {
    if (isEmpty || !Number.isFinite(Number(raw))) throw new FieldError(path, "Not a number");
    return Number(raw);
  }
  return parseJson(raw, path);
}

/** @param {string} raw @param {string} path */
function parseJson(raw, path) {
  try {
    return JSON.parse(raw);
  } catch (error) {
    throw new FieldError(path, `Not valid JSON: ${error instanceof Error ? error.message : error}`);
  }
}

/** @param {Field} field @param {unknown} value @returns {Raw} */
function rawOfSimple({ kind }, value) {
  if (kind === "boolean") return value === true;
  if (kind === "choices") {
    return Array.isArray(value) ? value.map((one) => JSON.stringify(one)) : [];
  }
  if (value === undefined) return "";
  if (kind === "choice") return JSON.stringify(value);
  if (kind === "json") return JSON.stringify(value, null, 2);
  return String(value);
}

/**
 * The variant of a value; without a value the first, if one is required.
 *
 * @param {Field} field
 * @param {unknown} value
 * @returns {number} -1 for none
 */
function chosenVariant({ variants = [], required }, value) {
  if (value === undefined) return required ? 0 : -1;
  return Math.max(0, variants.findIndex((variant) => fits(variant, value)));
}

/** @param {Field} field @param {unknown} value @returns {boolean} */
function fits({ kind, fields = [], variants = [], options = [], initial }, value) {
  switch (kind) {
    case "text":
      return typeof value === "string";
    case "number":
    case "integer":
      return typeof value === "number";
    case "boolean":
      return typeof value === "boolean";
    case "choice":
      return options.some((option) => option === value);
    case "choices":
      return Array.isArray(value);
    case "constant":
      return value === initial;
    case "group": {
      const object = /** @type {any} */ (value);
      return isObject(value) &&
        fields.every((field) =>
          Object.hasOwn(object, field.name) ? fits(field, object[field.name]) : !field.required
        );
    }
    case "union":
      return variants.some((variant) => fits(variant, value));
    default:
      return true;
  }
}

/** @param {unknown} value */
function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
