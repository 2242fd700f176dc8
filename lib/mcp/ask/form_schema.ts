import type { ZodType } from "zod";
import { toObjectSchema } from "../../registry/schema.ts";
import { isObject, type JsonObject } from "../../wire/json_rpc.ts";

const PRIMITIVES: readonly unknown[] = ["string", "number", "integer", "boolean"];

/**
 * The schema of a form as clients understand it: flat, and without a word on further fields
 * (2025-11-25, client/elicitation, Requested Schema).
 *
 * @throws {TypeError} naming a field that is neither text, number, boolean nor a choice
 */
export function formSchema(schema: ZodType): JsonObject {
  const { type, properties, required } = toObjectSchema(schema, "input", "elicitation form");
  for (const [name, field] of Object.entries(properties ?? {})) {
    if (isPrimitive(field) || isChoices(field)) continue;
    throw new TypeError(
      `Cannot ask by a form: field "${name}" must be a string, number, boolean, enum or list of ` +
        "enum values",
    );
  }
  return { type, properties, ...(required !== undefined && { required }) };
}

function isPrimitive(field: unknown): boolean {
  return isObject(field) && PRIMITIVES.includes(field.type);
}

/** A list to choose several from. */
function isChoices(field: unknown): boolean {
  if (!isObject(field) || field.type !== "array" || !isObject(field.items)) return false;
  const { enum: values, anyOf } = field.items;
  const isTitled = Array.isArray(anyOf) && anyOf.every((one) => isObject(one) && "const" in one);
  return Array.isArray(values) || isTitled;
}
