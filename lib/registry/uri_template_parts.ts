/**
 * The parts of a URI template, and the matching of a text against them. The time grows linearly
 * with the text: with a regular expression for several variables in a row, clients could choose
 * URIs that take exponential time.
 *
 * @module
 */
import { normalizeEscapes } from "./uri.ts";
import { UriExpression } from "./uri_expression.ts";

/** Literal text of a template. */
export interface Literal {
  readonly text: string;
  /** Whether it is equal in all its forms of upper and lower case: scheme and host. */
  readonly ignoresCase: boolean;
}

/** A part of a template: literal text or an expression. */
export type TemplatePart = Literal | UriExpression;

/** @returns the parts, or the error as words that follow the template */
export function templateParts(template: string): readonly TemplatePart[] | string {
  const parts: TemplatePart[] = [];
  const caseless = caselessLength(template);
  for (const { 0: token, index } of template.matchAll(/\{[^{}]*\}|[^{}]+|[{}]/g)) {
    if (token === "{" || token === "}") return `has a "${token}" without its counterpart`;
    if (!token.startsWith("{")) {
      parts.push(...literals(token, Math.max(0, caseless - index)));
      continue;
    }
    const expression = UriExpression.parse(token.slice(1, -1));
    if (expression === undefined) return `has ${token}, which is no expression of RFC 6570`;
    const previous = parts.at(-1);
    const merged = previous instanceof UriExpression ? previous.merge(expression) : undefined;
    if (merged !== undefined) parts.pop();
    parts.push(merged ?? expression);
  }
  return parts;
}

/** How much of a template's text ignores case: the scheme, and a host or a URN's namespace. */
function caselessLength(template: string): number {
  const [start = ""] = /^(?:urn:[\w-]*|[A-Za-z][\w+.-]*:(?:\/\/)?)/i.exec(template) ?? [];
  if (!start.endsWith("//")) return start.length;
  const rest = template.slice(start.length);
  const end = rest.search(/[/?#]|\{[+#./;?&]/);
  return end < 0 ? template.length : start.length + end;
}

function literals(token: string, caseless: number): readonly Literal[] {
  return [
    { text: normalizeEscapes(token.slice(0, caseless)), ignoresCase: true },
    { text: normalizeEscapes(token.slice(caseless)), ignoresCase: false },
  ].filter(({ text }) => text !== "");
}

/**
 * Divides a text among the parts; each takes as much as the later parts allow.
 *
 * @returns the text of each part; undefined if the template does not match
 */
export function matchParts(
  parts: readonly TemplatePart[],
  text: string,
  isLenient: boolean,
): readonly string[] | undefined {
  const [first] = parts;
  // Most URIs belong to another template, as their first characters show.
  if (isLiteral(first) && !standsAt(first, text, 0)) return undefined;
  const accepts = acceptedStarts(parts, text, isLenient);
  if (accepts[0]?.[0] !== 1) return undefined;
  let start = 0;
  return parts.map((part, index) => {
    const next = accepts[index + 1]!;
    const end = isLiteral(part)
      ? start + part.text.length
      : longestEnd(part, { text, start, allowed: part.characters(isLenient), next });
    const own = text.slice(start, end);
    start = end;
    return own;
  });
}

const PERCENT = 0x25;
/** The first bits of a byte within a character of UTF-8, as an escape writes them. */
const CONTINUATIONS = "89AB";

/** For each part and place: 1 where this part and all after it can take the text from there. */
function acceptedStarts(
  parts: readonly TemplatePart[],
  text: string,
  isLenient: boolean,
): readonly Uint8Array[] {
  const accepts: Uint8Array[] = [];
  let next: Uint8Array = new Uint8Array(text.length + 1);
  next[text.length] = 1;
  accepts.unshift(next);
  for (const [index, part] of [...parts.entries()].reverse()) {
    next = isLiteral(part)
      ? literalStarts(part, { text, next, isFirst: index === 0 })
      : expressionStarts(part, { text, allowed: part.characters(isLenient), next });
    accepts.unshift(next);
  }
  return accepts;
}

/** The first part can start at the beginning alone. */
function literalStarts(
  literal: Literal,
  { text, next, isFirst }: Pick<Place, "text" | "next"> & { readonly isFirst: boolean },
): Uint8Array {
  const starts = new Uint8Array(next.length);
  const last = isFirst ? literal.text.length : text.length;
  for (let end = literal.text.length; end <= last; end++) {
    const start = end - literal.text.length;
    if (next[end] === 1 && standsAt(literal, text, start)) starts[start] = 1;
  }
  return starts;
}

interface Place {
  readonly text: string;
  /** 1 at the code of each character that the value may have, percent signs aside. */
  readonly allowed: Uint8Array;
  /** Positions at which the next part may start. */
  readonly next: Uint8Array;
}

function expressionStarts(expression: UriExpression, place: Place): Uint8Array {
  const { text, next } = place;
  const { prefixes, maxLength = FAR } = expression;
  const distances = distancesTo(place);
  const starts = new Uint8Array(next.length);
  for (let start = 0; start <= text.length; start++) {
    const canBegin = prefixes === ""
      ? distances[start]! <= maxLength && distances[start] !== FAR
      : next[start] === 1 || (isPrefix(prefixes, text, start) && distances[start + 1] !== FAR);
    if (canBegin) starts[start] = 1;
  }
  return starts;
}

/** More characters than any text has. */
const FAR = 0xffff;

/**
 * From each place: the characters to the nearest place where the next part may start, if the value may
 * have all of them.
 */
function distancesTo({ text, allowed, next }: Place): Uint16Array {
  const distances = new Uint16Array(next.length);
  for (let place = text.length; place >= 0; place--) {
    if (next[place] === 1) continue;
    const distance = isAllowed(allowed, text, place)
      ? distances[place + stepAt(text, place)]!
      : FAR;
    distances[place] = distance === FAR || isContinuation(text, place) ? distance : distance + 1;
  }
  return distances;
}

/** Last position at which an expression can end that can start here. */
function longestEnd(
  { prefixes, maxLength = Infinity }: UriExpression,
  { text, start, allowed, next }: Place & { readonly start: number },
): number {
  let longest = start;
  if (prefixes !== "" && !isPrefix(prefixes, text, start)) return longest;
  const begin = prefixes === "" ? start : start + 1;
  let characters = 0;
  for (let end = begin; end <= text.length; end += stepAt(text, end)) {
    if (next[end] === 1) longest = end;
    if (!isAllowed(allowed, text, end)) break;
    if (!isContinuation(text, end) && ++characters > maxLength) break;
  }
  return longest;
}

/** Whether an escape is a byte within a character of UTF-8, not its first. */
function isContinuation(text: string, place: number): boolean {
  return text.charCodeAt(place) === PERCENT && CONTINUATIONS.includes(text[place + 1] ?? "-");
}

function isPrefix(prefixes: string, text: string, place: number): boolean {
  const character = text[place];
  return character !== undefined && prefixes.includes(character);
}

/** An escape is one step. */
function stepAt(text: string, place: number): number {
  return text.charCodeAt(place) === PERCENT ? 3 : 1;
}

/** Whether a value may have the character or the escape at a place; false at the end of the text. */
function isAllowed(allowed: Uint8Array, text: string, place: number): boolean {
  const code = text.charCodeAt(place);
  return code === PERCENT || allowed[code] === 1;
}

/** Whether a part is literal text. */
export function isLiteral(part: TemplatePart | undefined): part is Literal {
  return part !== undefined && !(part instanceof UriExpression);
}

function standsAt({ text: literal, ignoresCase }: Literal, text: string, start: number): boolean {
  if (text.startsWith(literal, start)) return true;
  return ignoresCase &&
    text.slice(start, start + literal.length).toLowerCase() === literal.toLowerCase();
}
