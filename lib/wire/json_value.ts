/**
 * Values that authors give, made fit for JSON (RFC 8259). `JSON.stringify()` alone throws for some of
 * what JSON cannot hold and silently drops or changes the rest, so clients would get nothing, or less
 * than the author gave.
 *
 * @module
 */
import { messageOf } from "../base/errors.ts";

/** Objects and lists may nest this deep; parsers of clients have limits too. */
const MAX_LEVELS = 512;

/** A value that JSON cannot hold. The message begins with its path, such as `content[0].data`. */
export class JsonValueError extends TypeError {
  override readonly name = "JsonValueError";
  /** The message without what another error says, which reading the value threw. */
  readonly ownWords: string;

  constructor(ownWords: string, cause?: unknown) {
    super(
      cause === undefined ? ownWords : `${ownWords}: ${messageOf(cause)}`,
      cause === undefined ? undefined : { cause },
    );
    this.ownWords = ownWords;
  }
}

/**
 * Converts a value to one that JSON can hold.
 *
 * Most values are returned unchanged. A copy is made if `toJSON()` returns another value, for an
 * `Error` (its name and message), and for text with a lone surrogate, which becomes U+FFFD as in
 * UTF-8.
 *
 * @param path names the value in errors; may be empty
 * @throws {JsonValueError} for a BigInt, a number that is not finite, a function, a symbol, a
 *   cycle, a getter or `toJSON()` that throws, undefined in a list, bytes, and an object without
 *   JSON members such as a `Map`
 */
export function toJsonValue(value: unknown, path = ""): unknown {
  return new Reader().start(value, path);
}

type Key = string | number;

/** Walks one value. Paths are made for errors alone. */
class Reader {
  readonly #parents: object[] = [];
  /** Path to the object that is being read. */
  readonly #keys: Key[] = [];
  /** The member that is read; undefined for the object itself. */
  #key: Key | undefined;

  start(value: unknown, path: string): unknown {
    try {
      return this.#read(value, path);
    } catch (error) {
      if (error instanceof JsonValueError) throw error;
      throw this.#refuse("threw when it was read", error);
    }
  }

  #read(value: unknown, key: Key): unknown {
    this.#key = key;
    switch (typeof value) {
      case "string":
        return value.isWellFormed() ? value : value.toWellFormed();
      case "boolean":
        return value;
      case "number":
        if (Number.isFinite(value)) return value;
        throw this.#refuse(`is ${value}`);
      case "object":
        return value === null ? value : this.#readObject(value, key);
      case "bigint":
        throw this.#refuse("is a BigInt");
      case "undefined":
        throw this.#refuse("is undefined");
      default:
        throw this.#refuse(`is a ${typeof value}`);
    }
  }

  #readObject(value: object, key: Key): unknown {
    if (this.#parents.includes(value)) throw this.#refuse("holds itself");
    if (this.#parents.length >= MAX_LEVELS) {
      throw this.#refuse(`is nested deeper than ${MAX_LEVELS} levels`);
    }
    this.#parents.push(value);
    const replaced = this.#replacementOf(value, key);
    let read: unknown;
    if (replaced !== value) {
      read = this.#read(replaced, key);
    } else {
      this.#keys.push(key);
      this.#key = undefined;
      read = Array.isArray(value) ? this.#readList(value) : this.#readMembers(value);
      this.#keys.pop();
    }
    this.#parents.pop();
    return read;
  }

  /** The value that represents an object in JSON; the object itself if it has no `toJSON()`. */
  #replacementOf(value: object, key: Key): unknown {
    const { toJSON } = value as { readonly toJSON?: unknown };
    if (typeof toJSON === "function") {
      if (value instanceof Date && Number.isNaN(value.getTime())) {
        throw this.#refuse("is a Date without a valid time");
      }
      return toJSON.call(value, key);
    }
    return value instanceof Error ? { name: value.name, message: messageOf(value) } : value;
  }

  #readList(list: readonly unknown[]): readonly unknown[] {
    let copy: unknown[] | undefined;
    for (let index = 0; index < list.length; index++) {
      this.#key = index;
      const item = list[index];
      const read = this.#read(item, index);
      if (read !== item) (copy ??= [...list])[index] = read;
    }
    return copy ?? list;
  }

  #readMembers(value: object): object {
    const keys = Object.keys(value);
    this.#requireMembers(value, keys);
    let copy: Map<string, unknown> | undefined;
    const members = value as Readonly<Record<string, unknown>>;
    for (let index = 0; index < keys.length; index++) {
      const key = keys[index]!;
      this.#key = key;
      const member = members[key];
      // JSON leaves such members out.
      if (member === undefined) continue;
      const read = this.#read(member, key);
      if (copy === undefined && (read !== member || !key.isWellFormed())) {
        copy = new Map(keys.slice(0, index).map((name) => [name, members[name]]));
      }
      copy?.set(key.toWellFormed(), read);
    }
    // `__proto__` is a name as any other in JSON, and here too.
    return copy === undefined ? value : Object.fromEntries(copy);
  }

  /**
   * Refuses objects with data that JSON does not see. JSON would turn them into `{}` or a list of
   * numbers.
   */
  #requireMembers(value: object, keys: readonly string[]): void {
    if (ArrayBuffer.isView(value)) {
      throw this.#refuse(`is ${classOf(value)}; give it as base64 text`);
    }
    if (keys.length > 0) return;
    const prototype = Object.getPrototypeOf(value);
    if (prototype === null || Object.getPrototypeOf(prototype) === null) return;
    throw this.#refuse(`is ${classOf(value)}, whose data JSON does not see`);
  }

  #refuse(why: string, cause?: unknown): JsonValueError {
    const keys = this.#key === undefined ? this.#keys : [...this.#keys, this.#key];
    return new JsonValueError(`${pathOf(keys) || "the value"} ${why}`, cause);
  }
}

/** Keys as a readable path, at most 200 characters. */
function pathOf(keys: readonly Key[]): string {
  const path = keys.map((key) => typeof key === "number" ? `[${key}]` : key && `.${key}`).join("");
  const text = path.startsWith(".") ? path.slice(1) : path;
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

/** The class of an object with its article, such as `a Response` or `an AsyncGenerator`. */
function classOf(value: object): string {
  const own: unknown = value.constructor?.name;
  const tag: unknown = (value as { readonly [Symbol.toStringTag]?: unknown })[Symbol.toStringTag];
  const name = [own, tag].find((one) => typeof one === "string" && one !== "") ??
    "object of a class";
  return `${/^[AEIO]/i.test(String(name)) ? "an" : "a"} ${name}`;
}
