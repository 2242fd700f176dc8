/**
 * Words for settings that are wrong.
 *
 * @module
 */
import { nearestOf } from "./nearest.ts";
import { withoutCredentials } from "./urls.ts";

/**
 * A line for a wrong setting, such as `PORT="a": Expected a whole number`.
 *
 * @param given the wrong value; undefined for a secret, which is not shown
 * @param message says what is allowed
 */
export function wrongSetting(name: string, given: unknown, message: string): string {
  const asGiven = given === undefined ? name : `${name}=${JSON.stringify(given)}`;
  return withoutCredentials(`${asGiven}: ${message}`);
}

/** A line for a setting that does not exist. */
export function unknownSetting(name: string, known: readonly string[]): string {
  const nearest = nearestOf(name, known);
  return `${name}: unknown setting${nearest === undefined ? "" : `; did you mean ${nearest}?`}`;
}
