/**
 * Expressions of URI templates such as `{?page,limit}` (RFC 6570): which text they may stand for, and
 * the values of their variables.
 *
 * @module
 */

/** The first character of an expression; empty for `{name}`. */
export type Operator = "" | "+" | "#" | "." | "/" | ";" | "?" | "&";

/** One variable of an expression. */
export interface VariableSpec {
  readonly name: string;
  /** `{name*}`: a list whose items are expanded one by one. */
  readonly isExploded: boolean;
  /** `{name:3}`: the most characters of the value. */
  readonly maxLength: number | undefined;
}

/** A variable at one place of a template, and its value there. */
export interface Reading {
  readonly variable: VariableSpec;
  /** One, where the variable is not exploded. */
  readonly items: readonly string[];
}

const EXPRESSION_REGEXP = /^([+#./;?&]?)([^+#./;?&=,!@|{}][^{}]*)$/;
const VARIABLE_REGEXP =
  /^((?:[\w-]|%[0-9A-Fa-f]{2})(?:\.?(?:[\w-]|%[0-9A-Fa-f]{2}))*)(\*|:[1-9]\d{0,3})?$/;

const UNRESERVED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
const RESERVED = ":/?#[]@!$&'()*+,;=";
/** Characters of values besides the unreserved ones, with the separators between values. */
const CHARACTERS: Readonly<Record<Operator, string>> = {
  "": ",",
  "+": RESERVED,
  "#": RESERVED,
  ".": ",",
  "/": ",/",
  ";": ",;=",
  "?": ",&=",
  "&": ",&=",
};
/** Characters that RFC 6570 encodes and some clients do not, as `encodeURIComponent()` does not. */
const LENIENT: Readonly<Record<Operator, string>> = {
  "": "!$&'()*+;=:@",
  "+": "",
  "#": "",
  ".": "!$&'()*+;=:@",
  "/": "!$&'()*+;=:@",
  ";": "!$&'()*+:@",
  "?": "!$'()*+;:@/?",
  "&": "!$'()*+;:@/?",
};
const SEPARATORS: Readonly<Record<Operator, string>> = {
  "": ",",
  "+": ",",
  "#": ",",
  ".": ".",
  "/": "/",
  ";": ";",
  "?": "&",
  "&": "&",
};

/** One expression; neighbours that are one by their meaning, such as `{?a}{&b}`, are made one. */
export class UriExpression {
  readonly operator: Operator;
  readonly variables: readonly VariableSpec[];
  /** The characters that may begin it; empty if it begins with its value. */
  readonly prefixes: string;
  /** Most characters of the value, where that decides where it ends. */
  readonly maxLength: number | undefined;
  readonly #strict: Uint8Array;
  readonly #lenient: Uint8Array;

  constructor(
    operator: Operator,
    variables: readonly VariableSpec[],
    prefixes = operator as string,
  ) {
    this.operator = operator;
    this.variables = variables;
    this.prefixes = operator === "+" ? "" : prefixes;
    const [first] = variables;
    this.maxLength = operator === "" && variables.length === 1 ? first?.maxLength : undefined;
    const equals = variables.some((variable) => variable.isExploded) ? "=" : "";
    const strict = UNRESERVED + CHARACTERS[operator] + equals;
    this.#strict = codesOf(strict);
    this.#lenient = codesOf(strict + LENIENT[operator]);
  }

  /** @returns undefined if the text is not an expression of RFC 6570 */
  static parse(text: string): UriExpression | undefined {
    const [, operator, list] = EXPRESSION_REGEXP.exec(text) ?? [];
    const specs = list?.split(",").map((spec) => VARIABLE_REGEXP.exec(spec)) ?? [];
    if (specs.length === 0 || specs.includes(null)) return undefined;
    const variables = specs.map((spec) => variableSpec(spec?.[1] ?? "", spec?.[2]));
    return new UriExpression(operator as Operator, variables);
  }

  /** The two as one expression, where no text tells them apart. */
  merge(next: UriExpression): UriExpression | undefined {
    const { operator } = this;
    const isQuery = (operator === "?" || operator === "&") && next.operator === "&";
    const isChain = operator === next.operator && [".", "/", ";"].includes(operator);
    if (!isQuery && !isChain) return undefined;
    const prefixes = isQuery ? `${this.prefixes}&` : this.prefixes;
    return new UriExpression(operator, [...this.variables, ...next.variables], prefixes);
  }

  /** 1 at the code of each character that its value may have, percent signs aside. */
  characters(isLenient: boolean): Uint8Array {
    return isLenient ? this.#lenient : this.#strict;
  }

  /**
   * The values in a text that has this form.
   *
   * @param text with its prefix; empty where all variables are left out
   * @returns undefined where no values give that text
   */
  read(text: string): readonly Reading[] | undefined {
    const body = this.prefixes === "" ? text : text.slice(1);
    const items = text === "" ? [] : body.split(SEPARATORS[this.operator]);
    try {
      return isNamed(this.operator) ? this.#readNamed(items) : this.#readListed(items);
    } catch {
      // Escapes that are not UTF-8.
      return undefined;
    }
  }

  /**
   * Assigns items in order: each variable takes one item; a list or the last variable takes the
   * items that the later ones leave.
   */
  #readListed(items: readonly string[]): readonly Reading[] | undefined {
    const readings: Reading[] = [];
    let start = 0;
    for (const [index, variable] of this.variables.entries()) {
      const later = this.variables.length - 1 - index;
      const takesMany = variable.isExploded || later === 0;
      const own = items.slice(start, takesMany ? Math.max(start, items.length - later) : start + 1);
      start += own.length;
      const decoded = own.map(decodeURIComponent);
      if (variable.isExploded) {
        readings.push({
          variable,
          items: decoded.length === 1 && decoded[0] === "" ? [] : decoded,
        });
      } else if (this.operator === "/" && own.length > 1) {
        // A value has no slash that is not encoded.
        return undefined;
      } else if (own.length > 0 || this.prefixes === "") {
        readings.push({ variable, items: [decoded.join(SEPARATORS[this.operator])] });
      }
    }
    return readings;
  }

  /** `name=value`, in any order, as clients may send them. */
  #readNamed(items: readonly string[]): readonly Reading[] | undefined {
    const readings: Reading[] = [];
    const lists = new Map<VariableSpec, string[]>();
    for (const one of this.variables) if (one.isExploded) lists.set(one, []);
    for (const item of items.filter((each) => each !== "")) {
      const [, rawName = "", rawValue = ""] = /^([^=]*)=?(.*)$/s.exec(item) ?? [];
      const [name, value] = [decodeURIComponent(rawName), decodeURIComponent(rawValue)];
      const variable = this.variables.find((one) => decodeURIComponent(one.name) === name);
      const [list] = lists.values();
      if (variable === undefined) {
        // An exploded variable may be an associative array, which has its own names.
        if (list === undefined) return undefined;
        list.push(`${name}=${value}`);
      } else if (variable.isExploded) lists.get(variable)?.push(value);
      else readings.push({ variable, items: [value] });
    }
    return [...readings, ...[...lists].map(([variable, list]) => ({ variable, items: list }))];
  }
}

function codesOf(characters: string): Uint8Array {
  const codes = new Uint8Array(128);
  for (const character of characters) codes[character.charCodeAt(0)] = 1;
  return codes;
}

function isNamed(operator: Operator): boolean {
  return operator === ";" || operator === "?" || operator === "&";
}

function variableSpec(name: string, modifier: string | undefined): VariableSpec {
  return {
    name,
    isExploded: modifier === "*",
    maxLength: modifier?.startsWith(":") ? Number(modifier.slice(1)) : undefined,
  };
}
