/**
 * References within a JSON Schema, as zod makes them of `.meta({ id })` and of schemas that refer to
 * themselves. Clients look for `type` and `properties` at the root, and few follow a reference there.
 *
 * @module
 */
import { isObject, type JsonObject } from "../wire/json_rpc.ts";

const PREFIX = "#/$defs/";
/** Names that need no escape in a JSON Pointer within a URI fragment (RFC 6901, section 6). */
const PLAIN_NAME_REGEXP = /^[A-Za-z0-9._-]+$/;

/** The definition that a reference names; undefined if there is none. */
export function definitionOf(reference: unknown, root: JsonObject): JsonObject | undefined {
  if (reference === "#") return root;
  const name = nameOf(reference);
  if (name === undefined) return undefined;
  const definitions = isObject(root.$defs) ? root.$defs : {};
  const definition = Object.hasOwn(definitions, name) ? definitions[name] : undefined;
  return isObject(definition) ? definition : undefined;
}

/**
 * The schema with a reference at the root replaced by its definition. The definition stays if other
 * references need it, as in a recursive schema.
 */
export function withNamedRoot(schema: JsonObject): JsonObject {
  let root = schema;
  for (const seen = new Set<unknown>(); root.$ref !== undefined && !seen.has(root.$ref);) {
    seen.add(root.$ref);
    const definition = definitionOf(root.$ref, root);
    if (definition === undefined) break;
    const { $ref: _, ...own } = root;
    // Keywords beside the reference, such as a description, apply only to the root.
    root = { ...definition, ...own };
  }
  return root === schema ? schema : withoutUnused(root);
}

/** Gives definitions names that are right in a reference whatever characters their ids have. */
export function withPlainNames(schema: JsonObject): JsonObject {
  const names = Object.keys(isObject(schema.$defs) ? schema.$defs : {});
  if (names.every((name) => PLAIN_NAME_REGEXP.test(name))) return schema;
  const taken = new Set(names);
  const renamed = new Map<string, string>();
  for (const name of names.filter((each) => !PLAIN_NAME_REGEXP.test(each))) {
    let plain = name.replaceAll(/[^A-Za-z0-9._-]/g, "_");
    while (taken.has(plain)) plain += "_";
    taken.add(plain);
    renamed.set(name, plain);
  }
  return renameDefinitions(schema, renamed) as JsonObject;
}

/** Whether all that a schema admits are objects. */
export function isObjectSchema(schema: unknown, root: JsonObject, seen = new Set()): boolean {
  if (!isObject(schema) || seen.has(schema)) return false;
  if (schema.type !== undefined) return schema.type === "object";
  const within = new Set([...seen, schema]);
  const isObjects = (member: unknown) => isObjectSchema(member, root, within);
  if (isObjects(definitionOf(schema.$ref, root))) return true;
  for (const members of [schema.anyOf, schema.oneOf]) {
    if (Array.isArray(members) && members.length > 0 && members.every(isObjects)) return true;
  }
  return Array.isArray(schema.allOf) && schema.allOf.some(isObjects);
}

/** Without definitions that nothing refers to any more. */
function withoutUnused(schema: JsonObject): JsonObject {
  const { $defs, ...rest } = schema;
  if (!isObject($defs)) return schema;
  const used = new Map<string, unknown>();
  const waiting: unknown[] = [rest];
  for (const value of waiting) {
    for (const name of referencesIn(value)) {
      if (used.has(name) || !Object.hasOwn($defs, name)) continue;
      used.set(name, $defs[name]);
      waiting.push($defs[name]);
    }
  }
  return used.size === 0 ? rest : { ...rest, $defs: Object.fromEntries(used) };
}

function referencesIn(value: unknown): readonly string[] {
  if (typeof value !== "object" || value === null) return [];
  const name = nameOf((value as JsonObject).$ref);
  return [...(name === undefined ? [] : [name]), ...Object.values(value).flatMap(referencesIn)];
}

/** The definition's name within a reference (RFC 6901, section 4). */
function nameOf(reference: unknown): string | undefined {
  if (typeof reference !== "string" || !reference.startsWith(PREFIX)) return undefined;
  return reference.slice(PREFIX.length).replaceAll("~1", "/").replaceAll("~0", "~");
}

function renameDefinitions(value: unknown, renamed: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((item) => renameDefinitions(item, renamed));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => {
      const name = key === "$ref" ? nameOf(member) : undefined;
      if (name !== undefined) return [key, PREFIX + (renamed.get(name) ?? name)];
      const inner = renameDefinitions(member, renamed);
      return key === "$defs" && isObject(inner) ? [key, mapNames(inner, renamed)] : [key, inner];
    }),
  );
}

function mapNames(definitions: JsonObject, renamed: ReadonlyMap<string, string>): JsonObject {
  return Object.fromEntries(
    Object.entries(definitions).map(([name, schema]) => [renamed.get(name) ?? name, schema]),
  );
}
