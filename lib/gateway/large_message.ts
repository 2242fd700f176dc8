/**
 * Messages of a server that would take too long to parse.
 *
 * @module
 */
import { JsonValueCount } from "../wire/json_values.ts";

/** Least characters of a value, with the comma before it. */
const VALUE_CHARACTERS = 2;
/** Characters at both ends of a message in which its id is looked for. */
const END_CHARACTERS = 100;
const ID_REGEXP = /"id" ?: ?(\d{1,15})(?=[,}\s])/;
const ENCODER = new TextEncoder();

/** @throws {Error} if the text holds more values */
export function requireFewValues(text: string, maxValues: number): void {
  if (text.length <= maxValues * VALUE_CHARACTERS) return;
  const values = new JsonValueCount();
  values.add(ENCODER.encode(text));
  if (values.count > maxValues) throw new Error(`it holds more than ${maxValues} values`);
}

/** The id of an answer that was not parsed; undefined if it is not near the beginning or end. */
export function idIn(text: string): number | undefined {
  if (text.includes('"method"')) return undefined;
  const [, id] = ID_REGEXP.exec(text.slice(0, END_CHARACTERS)) ??
    ID_REGEXP.exec(text.slice(-END_CHARACTERS)) ?? [];
  return id === undefined ? undefined : Number(id);
}
