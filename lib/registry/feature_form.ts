/**
 * Tells features from other values by their form, and says what an author probably meant.
 *
 * @module
 */

/** The kinds of features, as an app lists them. */
export type FeatureKind = "tools" | "resources" | "resourceTemplates" | "prompts";

/** The kind of a feature; undefined for any other value. */
export function kindOf(value: unknown): FeatureKind | undefined {
  if (typeof value !== "object" || value === null || !("listing" in value)) return undefined;
  const { listing, name } = value as { readonly listing: unknown; readonly name?: unknown };
  if (typeof listing !== "object" || listing === null || typeof name !== "string") return undefined;
  if (hasFunction(value, "call")) return "tools";
  if (hasFunction(value, "get")) return "prompts";
  if (!hasFunction(value, "read")) return undefined;
  return "uriTemplate" in listing ? "resourceTemplates" : "resources";
}

/** Words for a value that is not a feature, such as `a promise; await it`. */
export function describeValue(value: unknown): string {
  const mistake = mistakeOf(value);
  if (mistake !== undefined) return mistake;
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value) || value instanceof Set) {
    return [...value].length === 0 ? "an empty list" : "a list";
  }
  const kind = typeof value;
  return kind === "object" ? "an object" : `a ${kind}`;
}

/** The author's mistake, where the form of a value shows it. */
export function mistakeOf(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (value instanceof Promise) return "a promise; await it";
  if ("_zod" in value || "_def" in value) return undefined;
  if (hasFunction(value, "run")) {
    return "a plain definition; pass it to defineTool() or definePrompt()";
  }
  if (hasFunction(value, "read") && "uriTemplate" in value) {
    return "a plain definition; pass it to defineResourceTemplate()";
  }
  return hasFunction(value, "read") && "uri" in value
    ? "a plain definition; pass it to defineResource()"
    : undefined;
}

function hasFunction(value: object, name: string): boolean {
  return typeof (value as Readonly<Record<string, unknown>>)[name] === "function";
}

/** Whether a value is an object without a class. */
export function isPlain(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  // A module namespace that another module exports has no prototype.
  return prototype === null || prototype === Object.prototype;
}
