/**
 * Zod schemas as the protocol needs them: described once as JSON Schema 2020-12, applied to each
 * call, with errors that name the field so that a model can correct itself.
 *
 * @module
 */
import * as z from "zod";
import { messageOf, RegistrationError } from "../base/errors.ts";
import { isObject, type JsonObject } from "../wire/json_rpc.ts";

/** Either the value, or each fault as a line such as `a: Invalid input: expected number`. */
export type Validation<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly errors: readonly string[] };

/**
 * The JSON Schema of a zod schema.
 *
 * @param side `input` for what callers may send, `output` for what comes out of it
 * @param owner named in the error, for example `Tool "add"`
 * @throws {RegistrationError} for a schema that JSON Schema cannot express
 */
export function toJsonSchema(
  schema: z.ZodType,
  side: "input" | "output",
  owner: string,
): JsonObject {
  try {
    return z.toJSONSchema(schema, {
      io: side,
      target: "draft-2020-12",
    }) as JsonObject;
  } catch (error) {
    throw new RegistrationError(
      `Cannot serve ${owner}: its ${side} schema has no JSON Schema: ${messageOf(error)}`,
      { cause: error },
    );
  }
}

/** A JSON Schema whose root must be an object, as arguments are. */
export function toObjectSchema(
  schema: z.ZodType,
  side: "input" | "output",
  owner: string,
): JsonObject {
  const json = toJsonSchema(schema, side, owner);
  if (json.type === "object") return json;
  throw new RegistrationError(
    `Cannot serve ${owner}: its ${side} schema must be a z.object()`,
  );
}

/**
 * Applies a schema; at once where it allows, as a promise where it has asynchronous parts.
 */
export function validate<S extends z.ZodType>(
  schema: S,
  value: unknown,
): Validation<z.output<S>> | Promise<Validation<z.output<S>>> {
  try {
    return toValidation(schema.safeParse(value));
  } catch (error) {
    if (!(error instanceof z.core.$ZodAsyncError)) throw error;
    return schema.safeParseAsync(value).then(toValidation);
  }
}

function toValidation<T>(parsed: z.ZodSafeParseResult<T>): Validation<T> {
  return parsed.success
    ? { ok: true, value: parsed.data }
    : { ok: false, errors: parsed.error.issues.map(faultLine) };
}

function faultLine({ path, message }: z.core.$ZodIssue): string {
  const field = path.reduce<string>(
    (text, key) =>
      typeof key === "number" ? `${text}[${key}]` : `${text}${text && "."}${String(key)}`,
    "",
  );
  return field === "" ? message : `${field}: ${message}`;
}

/** Whether the root of a JSON Schema names such a property. */
export function hasProperty(schema: JsonObject, name: string): boolean {
  return isObject(schema.properties) && Object.hasOwn(schema.properties, name);
}
