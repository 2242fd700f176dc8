/**
 * Converts zod schemas to JSON Schema 2020-12, which the protocol uses.
 *
 * @module
 */
import * as z from "zod";
import { messageOf, RegistrationError } from "../base/errors.ts";
import { isObject, type JsonObject } from "../wire/json_rpc.ts";
import { toJsonValue } from "../wire/json_value.ts";
import {
  definitionOf,
  isObjectSchema,
  withNamedRoot,
  withPlainNames,
} from "./schema_references.ts";

/** The side of a schema: `input` describes accepted values, `output` describes parsed values. */
export type SchemaSide = "input" | "output";

/**
 * The JSON Schema of a zod schema. Its root is never a reference, and has a `type` if the schema
 * accepts only objects.
 *
 * @param owner named in the error, for example `tool "add"`
 * @throws {RegistrationError} for a value that is not a zod 4 schema, and for a schema that JSON
 *   Schema cannot express
 */
export function toJsonSchema(schema: z.ZodType, side: SchemaSide, owner: string): JsonObject {
  const refuse = (why: string, cause?: unknown) =>
    new RegistrationError(`Cannot serve ${owner}: its ${side} schema ${why}`, { cause });
  const error = schemaError(schema);
  if (error !== undefined) throw refuse(error);
  try {
    const json = z.toJSONSchema(schema, { io: side, target: "draft-2020-12" });
    const named = withNamedRoot(withPlainNames(toJsonValue({ ...json }) as JsonObject));
    return named.type === undefined && isObjectSchema(named, named)
      ? { ...named, type: "object" }
      : named;
  } catch (error) {
    const why = foreignMember(schema) ?? `${placeOf(schema, side)}${messageOf(error)}`;
    throw refuse(`has no JSON Schema: ${why}`, error);
  }
}

/**
 * A JSON Schema that accepts only objects, as arguments are.
 *
 * @throws {RegistrationError} as `toJsonSchema()`, and for a schema that accepts anything else
 */
export function toObjectSchema(schema: z.ZodType, side: SchemaSide, owner: string): JsonObject {
  const json = toJsonSchema(schema, side, owner);
  if (json.type === "object") return json;
  throw new RegistrationError(
    `Cannot serve ${owner}: its ${side} schema must be a z.object(), or a union of them`,
  );
}

/** Whether the root of a JSON Schema names such a property, itself or in a member of a union. */
export function hasProperty(schema: JsonObject, name: string, root = schema): boolean {
  if (isObject(schema.properties) && Object.hasOwn(schema.properties, name)) return true;
  return [schema.anyOf, schema.oneOf, schema.allOf].flat().some((member) => {
    if (!isObject(member)) return false;
    const definition = definitionOf(member.$ref, root) ?? member;
    return definition !== root && hasProperty(definition, name, root);
  });
}

/** The error of a value that should be a zod 4 schema, as words that follow its name. */
export function schemaError(schema: unknown): string | undefined {
  if (!isObject(schema) && typeof schema !== "function") return "is not a zod 4 schema";
  if ("_zod" in schema) return undefined;
  if ("_def" in schema) {
    return 'is a zod 3 schema, not a zod 4 schema; import zod 4 ("npm:zod@4" or "zod/v4")';
  }
  const members = Object.values(schema);
  if (members.length > 0 && members.every(isAnySchema)) {
    return "is a raw shape, not a zod 4 schema; wrap it in z.object()";
  }
  return "type" in schema || "$schema" in schema || "properties" in schema
    ? "is JSON Schema, not a zod 4 schema; write it with zod, or convert it with z.fromJSONSchema()"
    : "is not a zod 4 schema";
}

function isAnySchema(value: unknown): boolean {
  return isObject(value) && ("_zod" in value || "_def" in value);
}

/** Path of the first part that JSON Schema cannot express, such as `a.b: `; empty for the root. */
function placeOf(schema: z.ZodType, side: SchemaSide): string {
  let place: readonly (string | number)[] | undefined;
  try {
    z.toJSONSchema(schema, {
      io: side,
      unrepresentable: "any",
      override: ({ zodSchema, jsonSchema, path }) => {
        const { type } = zodSchema._zod.def;
        const isAnything = type === "any" || type === "unknown";
        // zod comes to the last part first.
        if (!isAnything && Object.keys(jsonSchema).length === 0) place = path;
      },
    });
  } catch {
    // Other errors have no place.
  }
  const field = fieldAt(place ?? []);
  return field === "" ? "" : `${field}: `;
}

/** The field that a path within JSON Schema leads to, such as `a[].b`. */
function fieldAt(path: readonly (string | number)[]): string {
  let field = "";
  for (let index = 0; index < path.length; index++) {
    if (path[index] === "items") field += "[]";
    if (path[index] === "properties") field += `${field && "."}${path[++index]}`;
  }
  return field;
}

/** The first field of an object whose schema is not a zod 4 schema. */
function foreignMember(schema: z.ZodType): string | undefined {
  const { shape } = schema as { readonly shape?: unknown };
  for (const [name, member] of Object.entries(isObject(shape) ? shape : {})) {
    const error = schemaError(member);
    if (error !== undefined) return `${name} ${error}`;
  }
  return undefined;
}
