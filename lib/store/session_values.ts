import type { SessionRecord } from "./shared_store.ts";

type Valued = Pick<SessionRecord, "values">;

/** The member `values` of a record after changes of some of them; no member if there are none. */
export function mergedValues(
  { values: before }: Valued,
  { values: changes }: Valued,
): Valued {
  if (changes === undefined) return before === undefined ? {} : { values: before };
  const all = Object.entries({ ...before, ...changes }).filter(([, text]) => text !== "");
  return { values: Object.fromEntries(all) };
}
