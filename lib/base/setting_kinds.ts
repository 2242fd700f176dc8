/**
 * The kinds of settings. Each reads the text of an environment variable or a flag, and checks a
 * value that comes from code.
 *
 * Perf: to make and use a hundred zod schemas takes a twentieth of a start.
 *
 * @module
 */

/** Refuses a value, with a message that says what is allowed. */
export type Refuse = (message: string) => undefined;

/** Reads the given value as a value of the kind; undefined if it is refused. */
type Read<T> = (given: unknown, refuse: Refuse) => T | undefined;

/** The allowed values of a setting, and its default. */
export class Setting<T> {
  readonly fallback: T;
  /** The purpose of the setting, as one phrase. */
  readonly description: string;
  readonly #read: Read<NonNullable<T>>;

  constructor(read: Read<NonNullable<T>>, fallback: T, description = "") {
    this.#read = read;
    this.fallback = fallback;
    this.description = description;
  }

  /** The same setting with a description. */
  describe(description: string): Setting<T> {
    return new Setting(this.#read, this.fallback, description);
  }

  /**
   * The value that somebody gave, or the fallback: if nothing is given or if the value is refused.
   *
   * @param refuse called with a message for each fault
   */
  read(given: unknown, refuse: Refuse): T {
    if (given === undefined) return this.fallback;
    return this.#read(given, refuse) ?? this.fallback;
  }
}

/** A whole number. */
export function integer<T extends number | undefined>(min: number, max: number, fallback: T) {
  return new Setting<number | T>((given, refuse) => {
    const value = Number(given);
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    return refuse(`Expected a whole number from ${min} to ${max}`);
  }, fallback);
}

/** Rules for a text. */
export interface TextRules {
  /** In characters. */
  readonly min?: number;
  /** Whether blanks at the ends are part of the value. */
  readonly keepsBlanks?: boolean;
  readonly isAllowed?: (text: string) => boolean;
  /** Names the allowed values. */
  readonly error?: string;
}

/** A text. */
export function text<T extends string | undefined>(fallback: T, rules: TextRules = {}) {
  const { min = 1, keepsBlanks = false, isAllowed = () => true } = rules;
  const { error = `Expected at least ${min} characters` } = rules;
  return new Setting<string | T>((given, refuse) => {
    const asGiven = typeof given === "string" ? given : "";
    const value = keepsBlanks ? asGiven : asGiven.trim();
    if (value.length >= min && isAllowed(value)) return value;
    return refuse(error);
  }, fallback);
}

/** One of some words. */
export function oneOf<const T extends string>(words: readonly T[], fallback: NoInfer<T>) {
  return new Setting<T>((given, refuse) => {
    const word = words.find((each) => each === given);
    if (word !== undefined) return word;
    const expected = words.map((each) => JSON.stringify(each)).join("|");
    return refuse(`Invalid option: expected one of ${expected}`);
  }, fallback);
}

const YES = ["true", "1", "yes", "on", "y", "enabled"];
const NO = ["false", "0", "no", "off", "n", "disabled"];

/** Yes or no, in the words of YAML and shells. */
export function boolean(fallback: boolean) {
  return new Setting<boolean>((given, refuse) => {
    const word = String(given).toLowerCase();
    if (YES.includes(word)) return true;
    if (NO.includes(word)) return false;
    return refuse("Invalid option: expected true or false");
  }, fallback);
}

/**
 * A list of names, or a text with names separated by commas. A name that can never match is an
 * error.
 *
 * @param what describes a name, with its article: `an origin such as …`
 */
export function nameList(
  fallback: readonly string[],
  isName: (name: string) => boolean,
  what: string,
) {
  return new Setting<readonly string[]>((given, refuse) => {
    const list: readonly unknown[] = typeof given === "string" ? splitList(given) : [given].flat();
    for (const name of list) {
      if (!(typeof name === "string" && isName(name))) {
        refuse(`${JSON.stringify(name)} is not ${what}`);
      }
    }
    return list as readonly string[];
  }, fallback);
}

function splitList(text: string): string[] {
  return text.split(",").map((name) => name.trim()).filter((name) => name !== "");
}

/** The longest delay a JavaScript timer can wait, about 24.8 days. */
const MAX_TIMER_MS = 2 ** 31 - 1;
/** The largest size that a setting may give. */
export const MAX_BYTES: number = 2 ** 40;

/** A duration in milliseconds. */
export function milliseconds(fallback: number, min = 1) {
  return integer(min, MAX_TIMER_MS, fallback);
}

/** A number of things, at least one. */
export function count(fallback: number) {
  return integer(1, 1e9, fallback);
}

/** A size in bytes. */
export function bytes(fallback: number) {
  return integer(1024, MAX_BYTES, fallback);
}
