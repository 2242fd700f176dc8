/**
 * An example value for a schema.
 *
 * @module
 */
import { resolve } from "./schema_ref.js";

const MAX_DEPTH = 4;

/**
 * @param {Record<string, any>} schema
 * @param {Record<string, any>} root that references are followed in
 * @param {number} [depth]
 * @returns {unknown}
 */
export function exampleOf(schema, root, depth = 0) {
  const { type, ...resolved } = resolve(schema, root);
  if (resolved.default !== undefined) return resolved.default;
  if (Array.isArray(resolved.examples)) return resolved.examples[0];
  if ("const" in resolved) return resolved.const;
  if (Array.isArray(resolved.enum)) return resolved.enum[0];
  const [variant] = resolved.anyOf ?? resolved.oneOf ?? [];
  if (variant !== undefined) return exampleOf(variant, root, depth + 1);
  const [kind] = Array.isArray(type) ? type : [type ?? (resolved.properties && "object")];
  switch (kind) {
    case "string":
      return "text";
    case "number":
    case "integer":
      return resolved.minimum ?? 0;
    case "boolean":
      return true;
    case "null":
      return null;
    case "array":
      return depth < MAX_DEPTH ? [exampleOf(resolved.items ?? {}, root, depth + 1)] : [];
    default:
      return depth < MAX_DEPTH ? objectExample(resolved, root, depth) : {};
  }
}

/** @param {Record<string, any>} schema @param {Record<string, any>} root @param {number} depth */
function objectExample({ properties = {}, required = [] }, root, depth) {
  const names = Object.keys(properties).filter((name) => required.includes(name));
  return Object.fromEntries(
    names.map((name) => [name, exampleOf(properties[name], root, depth + 1)]),
  );
}
