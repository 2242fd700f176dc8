/**
 * URI templates (RFC 6570): which URIs belong to one, and their variables.
 *
 * @module
 */
import type Template from "uri-template-lite";
import { RegistrationError } from "../base/errors.ts";
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
const AMBIGUOUS_FILE_REGEXP = /^file:\/\/.*(\/\/|%2f|%5c|%00)/i;
const SEPARATOR_REGEXP = /[\\/]/;

export class UriTemplate {
  readonly #text: string;
  /** From the first match on: what loads a CommonJS module is a sixth of a start. */
  #template: Template | undefined;
  /** What separates the values of a variable such as `{/part*}`, by its name. */
  readonly #exploded: ReadonlyMap<string, string>;

  /** @throws {RegistrationError} for what is not a template of URIs, or has no variable */
  constructor(template: string, owner: string) {
    const fault = faultOf(template);
    if (fault !== undefined) {
      throw new RegistrationError(`Cannot serve ${owner}: ${JSON.stringify(template)} ${fault}`);
    }
    this.#text = template;
    this.#exploded = explodedVariables(template);
  }

  /**
   * The variables of a URI of this template. Expanding them must give the URI back, so `{name}`
   * takes no slash; and as authors make paths of them, none of them leads out of its folder.
   */
  async match(
    uri: string,
  ): Promise<Readonly<Record<string, string | readonly string[]>> | undefined> {
    if (uri.length > MAX_URI_LENGTH || AMBIGUOUS_FILE_REGEXP.test(uri)) return undefined;
    const template = this.#template ??= await load(this.#text);
    const matched = template.match(uri);
    const values = matched && this.#decode(matched);
    if (!values || Object.values(values).flat().some(hasTraversal)) return undefined;
    return sameUri(template.expand(values), uri) ? this.#asTyped(values) : undefined;
  }

  /** The library splits at commas only, whatever separates the values. */
  #decode(matched: Readonly<Record<string, string | string[]>>): Values | undefined {
    try {
      return Object.fromEntries(
        Object.entries(matched).map(([name, value]) => {
          const separator = this.#exploded.get(name) ?? ",";
          return [name, [value].flat().join(",").split(separator).map(decodeURIComponent)];
        }),
      );
    } catch {
      return undefined;
    }
  }

  /** A variable that is not exploded is one text, even with commas in it. */
  #asTyped(values: Values): Readonly<Record<string, string | readonly string[]>> {
    return Object.fromEntries(
      Object.entries(values).map((
        [name, list],
      ) => [name, this.#exploded.has(name) ? list : list.join(",")]),
    );
  }
}

/** What is wrong with a template, if anything is. */
function faultOf(template: string): string | undefined {
  if (!/\{[^{}]+\}/.test(template)) return "has no {variable}; define a resource";
  if (!hasUriScheme(template)) return "does not begin with a URI scheme";
  if (/\{[^{}]*:0/.test(template)) return "has a prefix of length 0";
  return undefined;
}

async function load(template: string): Promise<Template> {
  const { default: Template } = await import("uri-template-lite");
  return new Template(template, { decoder: (text) => text });
}

type Values = Readonly<Record<string, readonly string[]>>;

/** Separators of exploded variables (RFC 6570, sections 3.2.1 to 3.2.9). */
function explodedVariables(template: string): ReadonlyMap<string, string> {
  const separators = new Map<string, string>();
  for (const [, operator = "", list = ""] of template.matchAll(/\{([#&+./;?]?)([^{}]+)\}/g)) {
    for (const [, name = ""] of list.matchAll(/([^,*]+)\*/g)) {
      const named = { ";": `;${name}=`, "?": `&${name}=`, "&": `&${name}=` }[operator];
      separators.set(name, named ?? (operator === "/" || operator === "." ? operator : ","));
    }
  }
  return separators;
}

/** Whether a value, taken as a path, has segments that mean another folder, or an early end. */
function hasTraversal(value: string): boolean {
  return value.includes("\0") ||
    value.split(SEPARATOR_REGEXP).some((segment) => segment === "." || segment === "..");
}

/** Compares with equal percent-encoding, as clients may encode more than they need to. */
function sameUri(a: string, b: string): boolean {
  return a === b || normalizeEscapes(a) === normalizeEscapes(b);
}

function normalizeEscapes(uri: string): string {
  return uri.replace(/%[0-9a-f]{2}|[^%]/gi, (part) => {
    if (part.length === 3) return part.toUpperCase();
    return /[A-Za-z0-9._~:/?#[\]@!$&'()*+,;=-]/.test(part) ? part : encodeURIComponent(part);
  });
}
