import type * as z from "zod";

/** The definition that zod keeps of a schema or a check. */
interface Part {
  readonly _zod: { readonly def: Definition };
}

type Definition = Readonly<Record<string, unknown>>;

const known = new WeakMap<z.ZodType, boolean>();

/**
 * Whether a schema runs functions of its author: refinements, transforms, checks. These may be
 * asynchronous, and only running them shows that. A synchronous parse drops a promise, and its
 * rejection would be unhandled, so such schemas must be parsed asynchronously from the start.
 */
export function hasOwnCode(schema: z.ZodType): boolean {
  const answer = known.get(schema);
  if (answer !== undefined) return answer;
  const found = search(schema, new Set());
  known.set(schema, found);
  return found;
}

/** Looks through definitions, whose members are schemas, checks, and lists or records of these. */
function search(value: unknown, seen: Set<object>): boolean {
  if (typeof value !== "object" || value === null || seen.has(value)) return false;
  seen.add(value);
  if (!isPart(value)) {
    return isContainer(value) && Object.values(value).some((one) => search(one, seen));
  }
  const { def } = value._zod;
  return isCode(def) || search(def, seen) || search(inner(def), seen);
}

function isPart(value: object): value is Part {
  return typeof (value as Partial<Part>)._zod?.def === "object";
}

/** Not a default value or another foreign object, in which nothing is to be found. */
function isContainer(value: object): boolean {
  return Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype ||
    Object.getPrototypeOf(value) === null;
}

function isCode({ type, check, transform }: Definition): boolean {
  return check === "custom" || type === "custom" || type === "transform" || type === "promise" ||
    typeof transform === "function";
}

/** The schema that `z.lazy()` gives. */
function inner({ type, getter }: Definition): unknown {
  return type === "lazy" && typeof getter === "function" ? getter() : undefined;
}
