/**
 * Tool parameters that clients mirror into HTTP headers: `x-mcp-header` in a tool's input schema
 * (2026-07-28, server/tools). With zod: `z.string().meta({ "x-mcp-header": "Region" })`.
 *
 * @module
 */
import { RegistrationError } from "../base/errors.ts";
import { isObject, type JsonObject } from "../wire/json_rpc.ts";

/** A parameter and its header. */
export interface HeaderParam {
  /** `Mcp-Param-` and the name that the schema gives. */
  readonly header: string;
  /** Path of the value in the arguments. */
  readonly path: readonly string[];
}

const KEYWORD = "x-mcp-header";
/** A field name (RFC 9110, section 5.1). */
const TOKEN_REGEXP = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const PRIMITIVES: readonly unknown[] = ["integer", "string", "boolean"];

/**
 * The header parameters of an input schema.
 *
 * @throws {RegistrationError} for an annotation that clients would have to reject
 */
export function headerParams(schema: JsonObject, owner: string): readonly HeaderParam[] {
  const found: HeaderParam[] = [];
  collect(schema, [], { found, owner });
  const names = found.map(({ header }) => header.toLowerCase());
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw refuse(owner, `the header ${twice} is named twice`);
  const total = JSON.stringify(schema).split(`"${KEYWORD}":`).length - 1;
  if (total > found.length) {
    throw refuse(owner, `${KEYWORD} stands where "properties" alone do not lead`);
  }
  return found;
}

/** The value at a path of the arguments; undefined if there is none. */
export function valueAt(args: unknown, path: readonly string[]): unknown {
  let value = args;
  for (const key of path) {
    if (!isObject(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value ?? undefined;
}

interface Collecting {
  readonly found: HeaderParam[];
  readonly owner: string;
}

function collect(schema: JsonObject, path: readonly string[], collecting: Collecting): void {
  if (!isObject(schema.properties)) return;
  for (const [key, property] of Object.entries(schema.properties)) {
    if (!isObject(property)) continue;
    const here = [...path, key];
    if (KEYWORD in property) {
      collecting.found.push({ header: headerName(property, here, collecting.owner), path: here });
    }
    collect(property, here, collecting);
  }
}

function headerName(property: JsonObject, path: readonly string[], owner: string): string {
  const name = property[KEYWORD];
  if (typeof name !== "string" || !TOKEN_REGEXP.test(name)) {
    throw refuse(owner, `${KEYWORD} of ${path.join(".")} is not a header name`);
  }
  if (!PRIMITIVES.includes(property.type)) {
    throw refuse(owner, `${KEYWORD} of ${path.join(".")} is not on a string, integer or boolean`);
  }
  return `mcp-param-${name.toLowerCase()}`;
}

function refuse(owner: string, why: string): RegistrationError {
  return new RegistrationError(`Cannot serve ${owner}: ${why}`);
}
