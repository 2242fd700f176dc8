/**
 * Turns a JSON Schema into the fields of a form: simple fields, groups, and choices between groups.
 * A value that no field can show becomes a field of raw JSON with an example.
 *
 * @module
 */
import { exampleOf } from "./schema_example.js";
import { resolve } from "./schema_ref.js";

/** @typedef {Record<string, any>} Json */

/**
 * @typedef {object} Field
 * @property {string} name
 * @property {string} label
 * @property {string} hint
 * @property {boolean} required
 * @property {"text" | "number" | "integer" | "boolean" | "choice" | "choices" | "constant" | "json" |
 *   "group" | "union"} kind
 * @property {unknown} initial the schema's default
 * @property {readonly unknown[]} [options] of a choice, or of several choices
 * @property {readonly string[]} [titles] of the options, where they have their own
 * @property {readonly Field[]} [fields] of a group
 * @property {readonly Field[]} [variants] of a union
 * @property {unknown} [example] of raw JSON
 * @property {string} [format] of a text
 * @property {number} [min]
 * @property {number} [max]
 * @property {number} [minLength]
 * @property {number} [maxLength]
 *
 * @typedef {object} Place where a schema stands
 * @property {string} name
 * @property {boolean} required
 * @property {Json} root that references are followed in
 * @property {number} depth
 */

/** Deeper schemas, and recursive ones, become raw JSON. */
const MAX_DEPTH = 5;

/**
 * The form of an object schema.
 *
 * @param {Json} schema
 * @returns {Field | undefined} a group or a union of groups; undefined where only raw JSON will do
 */
export function formOf(schema) {
  const place = { name: "", required: true, root: schema, depth: 0 };
  const field = toField(schema ?? {}, place);
  const isForm = field.kind === "group" ||
    field.kind === "union" && field.variants?.every(({ kind }) => kind === "group");
  return isForm ? field : undefined;
}

/** @param {Json} unresolved @param {Place} place @returns {Field} */
function toField(unresolved, place) {
  const schema = resolve(unresolved, place.root);
  const base = {
    name: place.name,
    label: schema.title ?? place.name,
    hint: schema.description ?? "",
    required: place.required,
    initial: schema.default,
  };
  return simpleField(schema, base) ?? groupField(schema, base, place) ??
    unionField(schema, base, place) ??
    { ...base, kind: "json", example: exampleOf(schema, place.root) };
}

/** @typedef {Pick<Field, "name" | "label" | "hint" | "required" | "initial">} Base */

/** @param {Json} schema @param {Base} base @returns {Field | undefined} */
function simpleField(schema, base) {
  const choice = choiceOf(schema);
  if (choice !== undefined) return { ...base, kind: "choice", ...choice };
  if (schema.anyOf || schema.oneOf || schema.allOf || Array.isArray(schema.type)) return undefined;
  switch (schema.type) {
    case "string":
      return { ...base, kind: "text", ...textBounds(schema) };
    case "number":
    case "integer":
      return { ...base, kind: schema.type, ...numberBounds(schema) };
    case "boolean":
      // A box that is not ticked sends false; a choice can also be left out.
      return base.required || schema.default !== undefined
        ? { ...base, kind: "boolean" }
        : { ...base, kind: "choice", options: [true, false] };
    case "null":
      return { ...base, kind: "constant", initial: null };
    case "array": {
      const items = choiceOf(schema.items ?? {});
      return items && { ...base, kind: "choices", ...items };
    }
    default:
      return undefined;
  }
}

/** @param {Json} schema @param {Base} base @param {Place} place @returns {Field | undefined} */
function groupField(schema, base, place) {
  const isGroup = schema.type === "object" && !schema.anyOf && !schema.oneOf && !schema.allOf &&
    (schema.properties !== undefined || place.depth === 0) && place.depth < MAX_DEPTH;
  if (!isGroup) return undefined;
  const required = new Set(schema.required ?? []);
  const fields = Object.entries(schema.properties ?? {}).map(([name, property]) =>
    toField(property, {
      name,
      required: required.has(name),
      root: place.root,
      depth: place.depth + 1,
    })
  );
  return { ...base, kind: "group", fields };
}

/** @param {Json} schema @param {Base} base @param {Place} place @returns {Field | undefined} */
function unionField(schema, base, place) {
  const { anyOf, oneOf, allOf: _, type, ...common } = schema;
  const { title: _title, description: _description, default: _default, ...rest } = common;
  const variants = anyOf ?? oneOf ??
    (Array.isArray(type) ? type.map((one) => ({ ...rest, type: one })) : undefined);
  const isUnion = Array.isArray(variants) && variants.length > 0 && !schema.allOf &&
    place.depth < MAX_DEPTH;
  if (!isUnion) return undefined;
  const fields = variants.map((unresolved, i) => {
    const variant = resolve(unresolved, place.root);
    const field = toField(withCommon(variant, common), { ...place, required: true });
    return { ...field, label: variantLabel(variant, field, i) };
  });
  return { ...base, kind: "union", variants: fields };
}

/** Beside its variants a schema may have members that hold for all of them. @param {Json} variant @param {Json} common */
function withCommon(variant, common) {
  if (common.properties === undefined) return variant;
  return {
    type: "object",
    ...variant,
    properties: { ...common.properties, ...variant.properties },
    required: [...common.required ?? [], ...variant.required ?? []],
  };
}

/** What tells a variant from the others: its title, its constants, or its type. @param {Json} variant @param {Field} field @param {number} i */
function variantLabel(variant, field, i) {
  if (typeof variant.title === "string") return variant.title;
  const constants = Object.entries(variant.properties ?? {})
    .filter(([, property]) => "const" in property)
    .map(([name, property]) => `${name}: ${property.const}`);
  if (constants.length > 0) return constants.join(", ");
  const names = Object.keys(variant.properties ?? {});
  if (field.kind === "group" && names.length > 0) return names.join(", ");
  return typeof variant.type === "string" ? variant.type : `variant ${i + 1}`;
}

/** @param {Json} schema @returns {Pick<Field, "options" | "titles"> | undefined} */
function choiceOf(schema) {
  if (Array.isArray(schema.enum) && schema.enum.every(isScalar)) {
    const titles = schema.enumNames;
    return { options: schema.enum, ...(Array.isArray(titles) && { titles: titles.map(String) }) };
  }
  if ("const" in schema && isScalar(schema.const)) return { options: [schema.const] };
  const variants = schema.anyOf ?? schema.oneOf;
  const isChoice = Array.isArray(variants) && variants.length > 0 &&
    variants.every((variant) => "const" in variant && isScalar(variant.const));
  if (!isChoice) return undefined;
  return {
    options: variants.map((variant) => variant.const),
    titles: variants.map((variant) => String(variant.title ?? variant.const)),
  };
}

/** @param {Json} schema */
function textBounds({ minLength, maxLength, format }) {
  return {
    ...(minLength > 0 && { minLength }),
    ...(maxLength !== undefined && { maxLength }),
    ...(typeof format === "string" && { format }),
  };
}

/** A number field has no exclusive bounds: for integers the next one does, else the server tells. @param {Json} schema */
function numberBounds(schema) {
  const step = schema.type === "integer" ? 1 : NaN;
  const min = schema.minimum ?? schema.exclusiveMinimum + step;
  const max = schema.maximum ?? schema.exclusiveMaximum - step;
  return { ...(isBound(min) && { min }), ...(isBound(max) && { max }) };
}

/** Schemas of integers carry the largest safe ones as bounds, which tell nobody anything. @param {unknown} value */
function isBound(value) {
  return typeof value === "number" && Math.abs(value) < Number.MAX_SAFE_INTEGER;
}

/** @param {unknown} value */
function isScalar(value) {
  return value === null || ["string", "number", "boolean"].includes(typeof value);
}
