import type * as z from "zod";
import { catchRejections } from "./schema_rejections.ts";

/** The definition that zod keeps of a schema or a check. */
interface Part {
  readonly _zod: { readonly def: Definition; readonly innerType?: unknown };
}

type Definition = Readonly<Record<string, unknown>>;

const known = new WeakMap<z.ZodType, boolean>();

/**
 * Whether a schema runs functions of its author: refinements, transforms, checks. These may be
 * asynchronous, and only running them shows that. A synchronous parse drops a promise, and its
 * rejection would be unhandled, so such schemas must be parsed asynchronously from the start. From
 * then on an asynchronous parse leaves no rejection unhandled.
 */
export function hasOwnCode(schema: z.ZodType): boolean {
  const answer = known.get(schema);
  if (answer !== undefined) return answer;
  const parts = partsOf(schema);
  const found = parts.some(({ _zod: { def } }) => isCode(def));
  if (found) catchRejections(parts);
  known.set(schema, found);
  return found;
}

/** Looks through definitions, whose members are schemas, checks, and lists or records of these. */
function partsOf(schema: z.ZodType): readonly Part[] {
  const parts: Part[] = [];
  const seen = new Set<object>();
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null || seen.has(value)) return;
    seen.add(value);
    if (!isPart(value)) {
      if (isContainer(value)) Object.values(value).forEach(visit);
      return;
    }
    parts.push(value);
    visit(value._zod.def);
    visit(inner(value));
  };
  visit(schema);
  return parts;
}

function isPart(value: object): value is Part {
  return typeof (value as Partial<Part>)._zod?.def === "object";
}

/** Not a default value or another foreign object, in which nothing is to be found. */
function isContainer(value: object): boolean {
  return Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
}

function isCode({ type, check, transform }: Definition): boolean {
  return check === "custom" || type === "promise" || typeof transform === "function";
}

/** The schema that `z.lazy()` gives: the one that zod keeps, as its function may make several. */
function inner({ _zod }: Part): unknown {
  return _zod.def.type === "lazy" ? _zod.innerType : undefined;
}
