/**
 * References inside a JSON Schema.
 *
 * @module
 */

/** @typedef {Record<string, any>} Json */

/** Longest chain of references; a longer one is a loop. */
const MAX_STEPS = 5;

/**
 * Follows references inside the schema.
 *
 * @param {Json} schema
 * @param {Json} root
 * @returns {Json}
 */
export function resolve(schema, root) {
  let resolved = schema ?? {};
  for (let i = 0; i < MAX_STEPS; i++) {
    const path = /^#\/(.+)$/.exec(resolved.$ref ?? "")?.[1];
    if (path === undefined) break;
    /** @type {any} */
    let target = root;
    for (const key of path.split("/")) {
      target = target?.[key.replaceAll("~1", "/").replaceAll("~0", "~")];
    }
    if (target === undefined) break;
    const { $ref: _, ...beside } = resolved;
    resolved = { ...target, ...beside };
  }
  return resolved;
}
