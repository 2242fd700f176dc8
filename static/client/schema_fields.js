/**
 * From a JSON Schema to the fields of a form, and from what was typed to arguments. What no simple
 * field can show becomes a field of raw JSON.
 *
 * @module
 */

/** @typedef {Record<string, any>} Json */

/**
 * @typedef {object} Field
 * @property {string} name
 * @property {string} label
 * @property {string} hint
 * @property {boolean} required
 * @property {"text" | "number" | "integer" | "boolean" | "choice" | "json"} kind
 * @property {unknown} initial the schema's default
 * @property {readonly unknown[]} [options] of a choice
 * @property {number} [min]
 * @property {number} [max]
 * @property {number} [minLength]
 * @property {number} [maxLength]
 */

/** What was wrong with one field. */
export class FieldError extends Error {
  /** @param {string} field @param {string} message */
  constructor(field, message) {
    super(message);
    this.field = field;
  }
}

/**
 * The fields of an object schema.
 *
 * @param {Json} schema
 * @returns {Field[] | undefined} undefined where only raw JSON will do
 */
export function fieldsOf(schema) {
  const isPlainObject = schema?.type === "object" && !schema.anyOf && !schema.oneOf &&
    !schema.allOf && !schema.$ref;
  if (!isPlainObject) return undefined;
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {})
    .map(([name, property]) => toField(name, resolve(property, schema), required.has(name)));
}

/**
 * The arguments that a form's values stand for; optional fields left empty are left out.
 *
 * @param {readonly Field[]} fields
 * @param {(name: string) => string | boolean} valueOf what is typed into the field
 * @returns {Json}
 * @throws {FieldError}
 */
export function argumentsOf(fields, valueOf) {
  /** @type {[string, unknown][]} */
  const entries = [];
  for (const field of fields) {
    const value = parseField(field, valueOf(field.name));
    if (value !== undefined) entries.push([field.name, value]);
  }
  return Object.fromEntries(entries);
}

/**
 * A value as its field shows it.
 *
 * @param {Field} field
 * @param {unknown} value
 * @returns {string | boolean}
 */
export function fieldText({ kind, required }, value) {
  if (kind === "boolean") return value === true;
  if (value === undefined) return kind === "json" && required ? "null" : "";
  if (kind === "choice") return JSON.stringify(value);
  if (kind === "json") return JSON.stringify(value, null, 2);
  return String(value);
}

/**
 * @param {string} name
 * @param {Json} schema
 * @param {boolean} required
 * @returns {Field}
 */
function toField(name, schema, required) {
  const options = optionsOf(schema);
  const kind = options === undefined ? kindOf(schema) : "choice";
  const base = {
    name,
    label: schema.title ?? name,
    hint: schema.description ?? "",
    required,
    initial: schema.default,
  };
  // An unticked box would always send false; three choices can leave an optional boolean out.
  if (kind === "boolean" && !required && schema.default === undefined) {
    return { ...base, kind: "choice", options: [true, false] };
  }
  return { ...base, kind, ...(options && { options }), ...boundsOf(schema, kind) };
}

/** @param {Json} schema @returns {Field["kind"]} */
function kindOf({ type, anyOf, oneOf, allOf }) {
  if (anyOf || oneOf || allOf) return "json";
  switch (type) {
    case "string":
      return "text";
    case "number":
    case "integer":
    case "boolean":
      return type;
    default:
      return "json";
  }
}

/** @param {Json} schema @returns {unknown[] | undefined} */
function optionsOf(schema) {
  if (Array.isArray(schema.enum) && schema.enum.every(isScalar)) return schema.enum;
  if ("const" in schema && isScalar(schema.const)) return [schema.const];
  const variants = schema.anyOf ?? schema.oneOf;
  const isChoice = Array.isArray(variants) && variants.length > 0 &&
    variants.every((variant) => "const" in variant && isScalar(variant.const));
  return isChoice ? variants.map((variant) => variant.const) : undefined;
}

/** @param {Json} schema @param {Field["kind"]} kind */
function boundsOf(schema, kind) {
  if (kind === "text") {
    return {
      ...(schema.minLength > 0 && { minLength: schema.minLength }),
      ...(schema.maxLength !== undefined && { maxLength: schema.maxLength }),
    };
  }
  if (kind !== "number" && kind !== "integer") return {};
  // A number field has no exclusive bounds: for integers the next one does, else the server tells.
  const step = kind === "integer" ? 1 : NaN;
  const min = schema.minimum ?? schema.exclusiveMinimum + step;
  const max = schema.maximum ?? schema.exclusiveMaximum - step;
  return { ...(isBound(min) && { min }), ...(isBound(max) && { max }) };
}

/** Schemas of integers carry the largest safe ones as bounds, which tell nobody anything. */
function isBound(/** @type {unknown} */ value) {
  return typeof value === "number" && Math.abs(value) < Number.MAX_SAFE_INTEGER;
}

/** @param {Field} field @param {string | boolean} raw */
function parseField(field, raw) {
  if (typeof raw === "boolean") return raw;
  const isEmpty = raw.trim() === "";
  switch (field.kind) {
    case "text":
      return raw === "" && !field.required ? undefined : raw;
    case "number":
    case "integer":
      if (isEmpty && !field.required) return undefined;
      if (isEmpty || !Number.isFinite(Number(raw))) {
        throw new FieldError(field.name, "Not a number");
      }
      return Number(raw);
    default:
      return isEmpty && !field.required ? undefined : parseJson(field.name, raw);
  }
}

/** @param {string} name @param {string} raw */
function parseJson(name, raw) {
  try {
    return JSON.parse(raw);
  } catch (error) {
    throw new FieldError(name, `Not valid JSON: ${error instanceof Error ? error.message : error}`);
  }
}

/**
 * Follows a reference inside the schema, so far as one goes.
 *
 * @param {Json} property
 * @param {Json} root
 * @returns {Json}
 */
function resolve(property, root) {
  const path = /^#\/(.+)$/.exec(property?.$ref ?? "")?.[1];
  if (path === undefined) return property ?? {};
  /** @type {any} */
  let target = root;
  for (const key of path.split("/")) {
    target = target?.[key.replaceAll("~1", "/").replaceAll("~0", "~")];
  }
  const { $ref: _, ...beside } = property;
  return target === undefined ? property : { ...target, ...beside };
}

function isScalar(/** @type {unknown} */ value) {
  return value === null || ["string", "number", "boolean"].includes(typeof value);
}
