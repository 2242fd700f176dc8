/**
 * Words for settings that are wrong.
 *
 * @module
 */
import type * as z from "zod";
import { nearestOf } from "./nearest.ts";
import { withoutCredentials } from "./url_credentials.ts";

/** Settings by their names, as somebody gave them. */
type Given = Readonly<Record<string, unknown>>;

/**
 * A line for each wrong setting, such as `PORT="a": Expected a whole number`.
 *
 * @param parsed the result of the schema
 * @param secrets names of settings whose values are not shown
 */
export function wrongSettings(
  { error }: z.ZodSafeParseResult<unknown>,
  given: Given,
  secrets: readonly string[],
): string[] {
  return (error?.issues ?? []).map(({ path, message }) => {
    const name = String(path[0]);
    const line = secrets.includes(name)
      ? `${name}: ${message}`
      : `${name}=${JSON.stringify(given[name])}: ${message}`;
    return withoutCredentials(line);
  });
}

/**
 * A line for each setting that does not exist. Names without `MCP_` may be anything, such as those
 * of the whole environment.
 */
export function unknownSettings(given: Given, known: readonly string[]): string[] {
  return Object.keys(given)
    .filter((name) => name.startsWith("MCP_") && !known.includes(name))
    .map((name) => {
      const nearest = nearestOf(name, known);
      return `${name}: unknown setting${nearest === undefined ? "" : `; did you mean ${nearest}?`}`;
    });
}
