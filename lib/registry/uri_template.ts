/**
 * URI templates (RFC 6570): which URIs belong to one, and their variables.
 *
 * @module
 */
import Template from "uri-template-lite";
import { messageOf, RegistrationError } from "../base/errors.ts";
import { hasUriScheme } from "./uri.ts";

type Operator = "+" | "#" | "." | "/" | ";" | "?" | "&";
type WithoutOperator<S extends string> = S extends `${Operator}${infer Rest}` ? Rest : S;
type Name<S extends string> = S extends `${infer N}:${string}` ? N : S;
type Variable<S extends string> = S extends `${infer N}*` ? { readonly [K in N]: readonly string[] }
  : { readonly [K in Name<S>]: string };
type Variables<S extends string> = S extends `${infer First},${infer Rest}`
  ? Variable<First> & Variables<Rest>
  : Variable<S>;

/** The variables of a template: `"users://{id}/{part*}"` has `{ id: string; part: string[] }`. */
export type UriVariables<T extends string> = string extends T
  ? Readonly<Record<string, string | readonly string[]>>
  : T extends `${string}{${infer Expression}}${infer Rest}`
    ? Variables<WithoutOperator<Expression>> & UriVariables<Rest>
  : unknown;

/** Longest URI that is matched, in characters. */
const MAX_URI_LENGTH = 8_192;

/** A file's URI with an empty segment, or with separators or NUL in encoded form. */
const ODD_FILE_REGEXP = /^file:\/\/.*(\/\/|%2f|%5c|%00)/i;
const SEPARATOR_REGEXP = /[\\/]/;

export class UriTemplate {
  readonly #template: Template;

  /** @throws {RegistrationError} for what is not a template of URIs, or has no variable */
  constructor(template: string, owner: string) {
    if (!/\{[^{}]+\}/.test(template)) {
      throw new RegistrationError(
        `Cannot serve ${owner}: ${JSON.stringify(template)} has no {variable}; define a resource`,
      );
    }
    if (!hasUriScheme(template)) {
      throw new RegistrationError(
        `Cannot serve ${owner}: ${JSON.stringify(template)} does not begin with a URI scheme`,
      );
    }
    try {
      this.#template = new Template(template);
    } catch (error) {
      throw new RegistrationError(`Cannot serve ${owner}: ${messageOf(error)}`, { cause: error });
    }
  }

  /**
   * The variables of a URI of this template. Expanding them must give the URI back, so `{name}`
   * takes no slash; and as authors make paths of them, none of them leads out of its folder.
   */
  match(uri: string): Readonly<Record<string, string | readonly string[]>> | undefined {
    if (uri.length > MAX_URI_LENGTH || ODD_FILE_REGEXP.test(uri)) return undefined;
    const variables = this.#template.match(uri);
    if (variables === null || Object.values(variables).flat().some(leadsOut)) return undefined;
    return sameUri(this.#template.expand(variables), uri) ? variables : undefined;
  }
}

/** Whether a value, taken as a path, has segments that mean another folder, or an early end. */
function leadsOut(value: string): boolean {
  return value.includes("\0") ||
    value.split(SEPARATOR_REGEXP).some((segment) => segment === "." || segment === "..");
}

/** Compares with percent-encoding made uniform, as clients may encode more than they need to. */
function sameUri(a: string, b: string): boolean {
  return a === b || uniform(a) === uniform(b);
}

function uniform(uri: string): string {
  return uri.replace(/%[0-9a-f]{2}|[^%]/gi, (part) => {
    if (part.length === 3) return part.toUpperCase();
    return /[A-Za-z0-9._~:/?#[\]@!$&'()*+,;=-]/.test(part) ? part : encodeURIComponent(part);
  });
}
