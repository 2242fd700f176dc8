/**
 * Schemas of forms as clients understand them: flat, with only the protocol's keywords (2025-11-25,
 * client/elicitation, Requested Schema). Rules that a form cannot express are left out of it and
 * checked against the answer.
 *
 * @module
 */
import type { ZodType } from "zod";
import { messageOf } from "../../base/errors.ts";
import { toObjectSchema } from "../../registry/schema.ts";
import { definitionOf } from "../../registry/schema_references.ts";
import { isObject, type JsonObject } from "../../wire/json_rpc.ts";
import { toJsonValue } from "../../wire/json_value.ts";

/** The formats that a form may name. */
const FORMATS: readonly unknown[] = ["email", "uri", "date", "date-time"];
/** Keywords of every field and of each type, with the type of their values. */
const COMMON = { title: "string", description: "string" } as const;
const KEYWORDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  string: { minLength: "number", maxLength: "number", default: "string" },
  number: { minimum: "number", maximum: "number", default: "number" },
  integer: { minimum: "number", maximum: "number", default: "number" },
  boolean: { default: "boolean" },
  array: { minItems: "number", maxItems: "number" },
};

/**
 * The schema of a form that a zod schema describes.
 *
 * @throws {TypeError} if the schema is not an object schema of zod 4, and naming a field that no form
 *   can show
 */
export function formSchema(schema: ZodType): JsonObject {
  return toForm(objectSchema(schema));
}

function objectSchema(schema: ZodType): JsonObject {
  try {
    return toObjectSchema(schema, "input", "form");
  } catch (error) {
    const why = messageOf(error).replace("Cannot serve form: its input schema", "its schema");
    throw new TypeError(`Cannot ask by a form: ${why}`, { cause: error });
  }
}

/**
 * The schema of a form that is given as JSON Schema.
 *
 * @throws {TypeError} if the schema is not an object with properties; or naming a field that no
 *   form can show
 */
export function rawFormSchema(schema: unknown): JsonObject {
  const json = toJsonValue(schema, "requestedSchema");
  if (isObject(json) && json.type === "object" && isObject(json.properties)) return toForm(json);
  throw new TypeError(
    'Cannot ask by a form: requestedSchema must have "type": "object" and "properties"',
  );
}

function toForm(root: JsonObject): JsonObject {
  if (root.properties === undefined) {
    throw new TypeError("Cannot ask by a form: its schema must be a z.object(), not a union");
  }
  const properties = Object.entries(root.properties as JsonObject).map(([name, field]) => {
    const shown = toField(resolved(field, root), root);
    if (shown !== undefined) return [name, shown];
    throw new TypeError(
      `Cannot ask by a form: field "${name}" must be a string, number, boolean, enum or list of ` +
        "enum values",
    );
  });
  const { required } = root;
  return {
    type: "object",
    properties: Object.fromEntries(properties),
    ...(required !== undefined && { required }),
  };
}

/** A field with the keywords of the protocol; undefined for one that no form can show. */
function toField(field: JsonObject, root: JsonObject): JsonObject | undefined {
  const members = membersOf(field, root);
  const choices = choicesOf(field, members);
  if (choices !== undefined) return withKeywords({ ...field, type: "string" }, choices);
  // A form cannot contain null, so only the other member remains.
  const [only, ...others] = members;
  if (only !== undefined) {
    return others.length === 0 ? toField({ ...field, anyOf: undefined, ...only }, root) : undefined;
  }
  const types = [field.type].flat().filter((type) => type !== "null");
  const [type] = types;
  if (types.length !== 1 || typeof type !== "string" || !Object.hasOwn(KEYWORDS, type)) {
    return undefined;
  }
  if (type === "array") return listField(field, root);
  return withKeywords({ ...field, type }, {
    ...(type === "string" && FORMATS.includes(field.format) && { format: field.format }),
  });
}

/** A list to choose several values from. */
function listField(field: JsonObject, root: JsonObject): JsonObject | undefined {
  const items = resolved(field.items, root);
  const choices = choicesOf(items, membersOf(items, root));
  if (choices === undefined) return undefined;
  const { oneOf, ...named } = choices;
  // A list has its titles in `anyOf`, a single choice in `oneOf`.
  const shown = oneOf === undefined ? { type: "string", ...named } : { anyOf: oneOf };
  const { default: values } = field;
  const isDefault = Array.isArray(values) && values.every((value) => typeof value === "string");
  return withKeywords(field, { items: shown, ...(isDefault && { default: values }) });
}

/** The members of a union but null. */
function membersOf(field: JsonObject, root: JsonObject): readonly JsonObject[] {
  const members = field.anyOf ?? field.oneOf;
  return (Array.isArray(members) ? members : [])
    .map((member) => resolved(member, root))
    .filter(({ type }) => type !== "null");
}

/** The texts to choose from: `enum`, or `oneOf` where any of them has a title. */
function choicesOf(field: JsonObject, members: readonly JsonObject[]): JsonObject | undefined {
  const values = field.const === undefined ? field.enum : [field.const];
  if (Array.isArray(values)) {
    const texts = values.filter((value) => value !== null);
    if (texts.length === 0 || !texts.every((value) => typeof value === "string")) return undefined;
    const { enumNames } = field;
    return { enum: texts, ...(Array.isArray(enumNames) && { enumNames }) };
  }
  if (members.length === 0) return undefined;
  const titled: { const: string; title: string }[] = [];
  let hasTitles = false;
  for (const member of members) {
    const choices = choicesOf(member, []);
    if (choices === undefined) return undefined;
    const { title } = member;
    hasTitles ||= typeof title === "string";
    for (const value of choices.enum as string[]) {
      titled.push({ const: value, title: typeof title === "string" ? title : value });
    }
  }
  return hasTitles ? { oneOf: titled } : { enum: titled.map((choice) => choice.const) };
}

function withKeywords(field: JsonObject, own: JsonObject): JsonObject {
  const { type } = field;
  const allowed: Readonly<Record<string, string>> = { ...COMMON, ...KEYWORDS[String(type)] };
  const kept = Object.entries(allowed).filter(([name, kind]) =>
    // Zod adds the bounds of safe integers, which mean nothing to a user.
    typeof field[name] === kind && Math.abs(Number(field[name])) !== Number.MAX_SAFE_INTEGER
  );
  return { type, ...Object.fromEntries(kept.map(([name]) => [name, field[name]])), ...own };
}

/** A field with its definition in place of a reference. */
function resolved(field: unknown, root: JsonObject): JsonObject {
  if (!isObject(field)) return {};
  const definition = definitionOf(field.$ref, root);
  if (definition === undefined || definition === root) return field;
  const { $ref: _, ...own } = field;
  return { ...resolved(definition, root), ...own };
}
