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
  if (first !== undefined && !(first instanceof UriExpression) && endOf(first, text, 0) < 0) {
    return undefined;
  }
  const runs = parts.map((part) =>
    part instanceof UriExpression ? runsOf(part.characters(isLenient), text) : undefined
  );
  const accepts = acceptedStarts(parts, text, runs);
  if (accepts[0]?.[0] !== 1) return undefined;
  let start = 0;
  return parts.map((part, index) => {
    const next = accepts[index + 1]!;
    const end = part instanceof UriExpression
      ? longestEnd(part, { text, start, runs: runs[index]!, next })
      : start + part.text.length;
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
  runs: readonly (Uint16Array | undefined)[],
): readonly Uint8Array[] {
  const accepts: Uint8Array[] = [];
  let next: Uint8Array = new Uint8Array(text.length + 1);
  next[text.length] = 1;
  accepts.unshift(next);
  for (const [index, part] of [...parts.entries()].reverse()) {
    next = part instanceof UriExpression
      ? expressionStarts(part, { text, runs: runs[index]!, next })
      : literalStarts(part, { text, next, isFirst: index === 0 });
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
  const last = isFirst ? 0 : text.length - literal.text.length;
  for (let start = 0; start <= last; start++) {
    const end = start + literal.text.length;
    if (next[end] === 1 && endOf(literal, text, start) === end) starts[start] = 1;
  }
  return starts;
}

interface Place {
  readonly text: string;
  /** For each place: where the run of allowed characters from there ends. */
  readonly runs: Uint16Array;
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
 * From each place: the characters to the nearest place, within the run, where the next part may
 * start.
 */
function distancesTo({ text, runs, next }: Place): Uint16Array {
  const distances = new Uint16Array(next.length);
  for (let place = text.length; place >= 0; place--) {
    if (next[place] === 1) continue;
    const after = place + stepAt(text, place);
    const distance = runs[place]! > place && after < next.length ? distances[after]! : FAR;
    distances[place] = distance === FAR || isContinuation(text, place) ? distance : distance + 1;
  }
  return distances;
}

/**
 * Last position at which an expression that starts here can end; negative if none can start here.
 */
function longestEnd(
  { prefixes, maxLength = Infinity }: UriExpression,
  { text, start, runs, next }: Place & { readonly start: number },
): number {
  let longest = next[start] === 1 ? start : -1;
  if (prefixes !== "" && !isPrefix(prefixes, text, start)) return longest;
  const begin = prefixes === "" ? start : start + 1;
  let characters = 0;
  for (let end = begin; end <= text.length; end += stepAt(text, end)) {
    if (next[end] === 1) longest = end;
    if (runs[end] === end) break;
    if (!isContinuation(text, end) && ++characters > maxLength) break;
  }
  return longest;
}

/** Whether an escape is a byte within a character of UTF-8, not its first. */
function isContinuation(text: string, place: number): boolean {
  return text.charCodeAt(place) === PERCENT && CONTINUATIONS.includes(text[place + 1] ?? "-");
}

function isPrefix(prefixes: string, text: string, place: number): boolean {
  return place < text.length && prefixes.includes(text[place]!);
}

/** An escape is one step. */
function stepAt(text: string, place: number): number {
  return text.charCodeAt(place) === PERCENT ? 3 : 1;
}

function runsOf(characters: Uint8Array, text: string): Uint16Array {
  const runs = new Uint16Array(text.length + 1);
  runs[text.length] = text.length;
  for (let place = text.length - 1; place >= 0; place--) {
    const code = text.charCodeAt(place);
    const after = Math.min(code === PERCENT ? place + 3 : place + 1, text.length);
    runs[place] = code === PERCENT || characters[code] === 1 ? runs[after]! : place;
  }
  return runs;
}

function endOf({ text: literal, ignoresCase }: Literal, text: string, start: number): number {
  const end = start + literal.length;
  if (text.startsWith(literal, start)) return end;
  if (!ignoresCase) return -1;
  return text.slice(start, end).toLowerCase() === literal.toLowerCase() ? end : -1;
}
