/**
 * Checks of objects that authors write: definitions and options. Deno runs programs without a type
 * check, and a member that is misspelt or of a wrong type would be passed over, or sent to clients.
 *
 * @module
 */
import { nearestOf } from "./nearest.ts";

/**
 * A check of one member.
 *
 * @returns what is wrong, as words that follow the member's name; undefined if it is right
 */
export type MemberCheck = (value: unknown) => string | undefined;

/** A check for each member that an object may have. */
export type MemberChecks<T> = { readonly [Name in keyof Required<T>]: MemberCheck };

/** Longest text that an error quotes (characters). */
const MAX_QUOTED = 100;

/** Words for a wrong value. */
export function wordsFor(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, MAX_QUOTED));
  if (Array.isArray(value)) return "a list";
  if (typeof value === "function") return "a function";
  return typeof value === "object" && value !== null ? "an object" : String(value);
}

function mustBe(what: string, isRight: (value: unknown) => boolean): MemberCheck {
  return (value) => isRight(value) ? undefined : ` must be ${what}, not ${wordsFor(value)}`;
}

const isRecord = (value: unknown) =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** For members that are checked elsewhere. */
export const CHECKED_ELSEWHERE: MemberCheck = () => undefined;
export const TEXT: MemberCheck = mustBe("a text", (value) => typeof value === "string");
export const BOOLEAN: MemberCheck = mustBe(
  "true or false",
  (value) => typeof value === "boolean",
);
export const FUNCTION: MemberCheck = mustBe("a function", (value) => typeof value === "function");
export const OBJECT: MemberCheck = mustBe("an object", isRecord);
export const LIST: MemberCheck = mustBe("a list", Array.isArray);
export const TEXTS: MemberCheck = mustBe(
  "a list of texts",
  (value) => Array.isArray(value) && value.every((one) => typeof one === "string"),
);

/** A number within bounds. */
export function numberFrom(least: number, most: number): MemberCheck {
  const what = most === Infinity
    ? `a number, at least ${least}`
    : `a number from ${least} to ${most}`;
  return mustBe(
    what,
    (value) =>
      typeof value === "number" && Number.isFinite(value) && value >= least && value <= most,
  );
}

/** One of several texts. */
export function oneOf(...texts: readonly string[]): MemberCheck {
  const what = texts.map((text) => JSON.stringify(text)).join(" or ");
  return mustBe(what, (value) => texts.includes(value as string));
}

/** An object with such members and no others. */
export function objectOf<T>(checks: MemberChecks<T>, aliases?: Aliases): MemberCheck {
  return (value) => {
    if (!isRecord(value)) return OBJECT(value);
    const fault = memberFault(value as object, checks, aliases);
    if (fault === undefined) return undefined;
    return "unknown" in fault ? `.${fault.unknown} is unknown; ${fault.hint}` : `.${fault.wrong}`;
  };
}

/** A list of items that pass a check. */
export function listOf(check: MemberCheck): MemberCheck {
  return (value) => {
    if (!Array.isArray(value)) return LIST(value);
    for (const [index, item] of value.entries()) {
      const fault = check(item);
      if (fault !== undefined) return `[${index}]${fault}`;
    }
    return undefined;
  };
}

/** Names that other libraries use, and the ones here. */
export type Aliases = Readonly<Record<string, string>>;

/** The first fault of an object. */
export type MemberFault =
  /** Its name, and words such as `did you mean "input"?`. */
  | { readonly unknown: string; readonly hint: string }
  /** Words such as `enabled must be true or false, not "no"`. */
  | { readonly wrong: string };

/**
 * Finds a member that is unknown or wrong. An object of a class may have members of its own.
 *
 * @param checks of all members; one that is undefined is taken as left out
 */
export function memberFault<T>(
  value: object,
  checks: MemberChecks<T>,
  aliases: Aliases = {},
): MemberFault | undefined {
  const members = value as Readonly<Record<string, unknown>>;
  for (const [name, check] of Object.entries<MemberCheck>(checks)) {
    const fault = members[name] === undefined ? undefined : check(members[name]);
    if (fault !== undefined) return { wrong: `${name}${fault}` };
  }
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) return undefined;
  const known = Object.keys(checks);
  const unknown = Object.keys(members).find((name) =>
    members[name] !== undefined && !known.includes(name)
  );
  return unknown === undefined ? undefined : { unknown, hint: hintFor(unknown, known, aliases) };
}

function hintFor(name: string, known: readonly string[], aliases: Aliases): string {
  const alias = Object.hasOwn(aliases, name) ? aliases[name] : undefined;
  const meant = alias ?? nearestOf(name, known);
  return meant === undefined ? `there are ${known.join(", ")}` : `did you mean "${meant}"?`;
}

/**
 * Checks the options of a function.
 *
 * @param owner such as `rateLimit()`
 * @param refuse makes the error
 * @throws the error, which names the option and says what would be right
 */
export function requireOptions<T>(
  options: unknown,
  { owner, checks, aliases, refuse }: {
    readonly owner: string;
    readonly checks: MemberChecks<T>;
    readonly aliases?: Aliases;
    readonly refuse: (message: string) => Error;
  },
): void {
  if (!isRecord(options)) {
    throw refuse(`${owner} takes an object of options, not ${wordsFor(options)}`);
  }
  const fault = memberFault(options as object, checks, aliases);
  if (fault === undefined) return;
  if ("wrong" in fault) throw refuse(`Option of ${owner}: ${fault.wrong}`);
  throw refuse(`${owner} has no option ${JSON.stringify(fault.unknown)}; ${fault.hint}`);
}
