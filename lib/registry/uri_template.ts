/**
 * URI templates (RFC 6570): which URIs belong to one, and the values of their variables.
 *
 * @module
 */
import { RegistrationError } from "../base/errors.ts";
import { hasDotSegment, hasUriScheme, joinUri, MAX_URI_LENGTH, splitUri } from "./uri.ts";
import { type Reading, UriExpression, type VariableSpec } from "./uri_expression.ts";
import { isLiteral, matchParts, type TemplatePart, templateParts } from "./uri_template_parts.ts";

type Operator = "+" | "#" | "." | "/" | ";" | "?" | "&";
type Name<S extends string> = S extends `${infer N}:${string}` ? N : S;
type Variable<S extends string, O extends string> = S extends `${infer N}*`
  ? { readonly [K in N]: readonly string[] }
  : O extends "" | "+" ? { readonly [K in Name<S>]: string }
  : { readonly [K in Name<S>]?: string };
type Variables<S extends string, O extends string> = S extends `${infer First},${infer Rest}`
  ? Variable<First, O> & Variables<Rest, O>
  : Variable<S, O>;
type Expression<S extends string> = S extends `${infer O extends Operator}${infer Rest}`
  ? Variables<Rest, O>
  : Variables<S, "">;

/**
 * The variables of a template: `"users://{id}{/part*}{?page}"` has `{ id: string; part: string[];
 * page?: string }`. A URI may leave out variables of all operators but `{id}` and `{+id}`, which are
 * empty then, as lists are.
 */
export type UriVariables<T extends string> = string extends T
  ? Readonly<Record<string, string | readonly string[]>>
  : T extends `${string}{${infer Inner}}${infer Rest}` ? Expression<Inner> & UriVariables<Rest>
  : unknown;

/** A file's URI with an empty segment, or with separators or NUL in encoded form. */
const AMBIGUOUS_FILE_REGEXP = /^file:\/\/.*(\/\/|%2f|%5c|%00)/i;
const SEPARATOR_REGEXP = /[\\/]/;
const TRAVERSAL_REGEXP = /\0|(?:^|[\\/])\.{1,2}(?:[\\/]|$)/;

/** One template, read once and matched often. */
export class UriTemplate {
  readonly #parts: readonly TemplatePart[];

  /**
   * @param owner named in the error, for example `resource template "user"`
   * @throws {RegistrationError} for a text that is not a URI template, or has no variable
   */
  constructor(template: string, owner: string) {
    const refuse = (why: string) =>
      new RegistrationError(`Cannot serve ${owner}: ${JSON.stringify(template)} ${why}`);
    if (typeof template !== "string" || !template.includes("{")) {
      throw refuse("has no {variable}; define a resource");
    }
    if (!hasUriScheme(template)) throw refuse("does not begin with a URI scheme");
    const parts = templateParts(template);
    if (typeof parts === "string") throw refuse(parts);
    this.#parts = parts;
  }

  /** The names of its variables. */
  get names(): readonly string[] {
    return this.#parts.flatMap((part) =>
      part instanceof UriExpression ? part.variables.map(({ name }) => name) : []
    );
  }

  /**
   * The variables of a URI of this template. It matches every URI that a client can make: with
   * variables left out, with query variables in any order, and with more or less encoding than RFC
   * 6570 asks for.
   *
   * `{name}` matches no slash. Authors use values as paths, so no value may lead out of its folder.
   *
   * @returns undefined for a URI that does not belong to the template
   */
  match(uri: string): Readonly<Record<string, string | readonly string[]>> | undefined {
    if (uri.length > MAX_URI_LENGTH || AMBIGUOUS_FILE_REGEXP.test(uri)) return undefined;
    for (const text of formsOf(uri)) {
      const values = this.#read(text, false) ?? this.#read(text, true);
      if (values !== undefined) return values;
    }
    return undefined;
  }

  #read(
    text: string,
    isLenient: boolean,
  ): Readonly<Record<string, string | readonly string[]>> | undefined {
    const texts = matchParts(this.#parts, text, isLenient);
    if (texts === undefined) return undefined;
    const readings: Reading[] = [];
    for (const [index, part] of this.#parts.entries()) {
      if (isLiteral(part)) continue;
      const read = part.read(texts[index] ?? "");
      if (read === undefined || (this.#isInFolder(part, index) && beginsAtRoot(part, read))) {
        return undefined;
      }
      readings.push(...read);
    }
    return readings.some(({ items }) => items.some(hasTraversal)) ? undefined : valuesOf(readings);
  }

  /** Whether the values of a part are segments within a folder that the template names. */
  #isInFolder({ operator }: UriExpression, index: number): boolean {
    const before = this.#parts[index - 1];
    if (operator === "/") return true;
    return isLiteral(before) && before.text.endsWith("/") && !/:\/{1,2}$/.test(before.text);
  }
}

/** Whether a value begins with a separator, so that joining it to its folder may leave the folder. */
function beginsAtRoot({ operator }: UriExpression, readings: readonly Reading[]): boolean {
  const items = readings.flatMap((reading) => reading.items);
  if (operator === "/") return items.some((item) => SEPARATOR_REGEXP.test(item.charAt(0)));
  const isText = operator === "" || operator === "+";
  return isText && SEPARATOR_REGEXP.test(items[0]?.charAt(0) ?? "");
}

/** The forms of one URI that a template may have: a path that is empty is `/` (RFC 3986, 6.2.3). */
function formsOf(uri: string): readonly string[] {
  const parts = splitUri(uri);
  if (parts === undefined || hasDotSegment(parts.path)) return [];
  const forms = [joinUri(parts)];
  if (parts.authority !== undefined && parts.path === "/") {
    forms.push(joinUri({ ...parts, path: "" }));
  }
  return forms;
}

/**
 * The values by name. A variable that occurs several times has one value.
 *
 * @returns undefined if they differ
 */
function valuesOf(
  readings: readonly Reading[],
): Readonly<Record<string, string | readonly string[]>> | undefined {
  const whole = new Map<string, Reading>();
  // Last those that have the first characters of a value alone.
  const ordered = readings.toSorted((a, b) => lengthOf(b.variable) - lengthOf(a.variable));
  for (const reading of ordered) {
    const known = whole.get(reading.variable.name);
    if (known === undefined) whole.set(reading.variable.name, reading);
    if (!fits(reading, known ?? reading)) return undefined;
  }
  return Object.fromEntries(
    [...whole].map((
      [name, { variable, items }],
    ) => [name, variable.isExploded ? items : items[0]!]),
  );
}

function lengthOf({ maxLength = Infinity }: VariableSpec): number {
  return Math.min(maxLength, Number.MAX_SAFE_INTEGER);
}

function fits({ variable, items }: Reading, whole: Reading): boolean {
  if (variable.isExploded || whole.variable.isExploded) {
    return items.join() === whole.items.join();
  }
  const [value = ""] = items;
  const [expected = ""] = whole.items;
  if (variable.maxLength === undefined) return value === expected;
  return value === [...expected].slice(0, variable.maxLength).join("");
}

/** Whether a value contains `.` or `..` segments, or NUL. */
function hasTraversal(value: string): boolean {
  return TRAVERSAL_REGEXP.test(value);
}
