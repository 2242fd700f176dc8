import { fitForJson } from "../../registry/json_fit.ts";

/** Most values of one session. */
const MAX_VALUES = 100;
/** Most characters of JSON of one session, names included. */
const MAX_CHARACTERS = 16_384;

/** Characters of a key that an error shows. */
const MAX_SHOWN_KEY = 100;

/** Values that tools keep for a session, as JSON, so that a store may keep them too. */
export class SessionData {
  readonly #texts = new Map<string, string>();
  #characters = 0;
  /** Called with each value that is set, as JSON; undefined for one that is removed. */
  onSet: (key: string, text: string | undefined) => void = () => {};

  /** The values as JSON, by key. */
  get texts(): IterableIterator<[string, string]> {
    return this.#texts.entries();
  }

  /** Replaces all values by those that another instance has kept. */
  replace(texts: Iterable<readonly [string, string]>): void {
    this.#texts.clear();
    this.#characters = 0;
    for (const [key, text] of texts) {
      // Instances that set values at the same moment may pass the bounds together.
      if (this.#texts.size >= 2 * MAX_VALUES || !isJson(text)) continue;
      this.#texts.set(key, text);
      this.#characters += sizeOf(key, text);
    }
  }

  /** A copy of the value that was set last. */
  get(key: string): unknown {
    const text = this.#texts.get(key);
    return text === undefined ? undefined : JSON.parse(text);
  }

  /**
   * Keeps a value; undefined takes it away.
   *
   * @throws {TypeError} naming what JSON cannot hold
   * @throws {RangeError} for too many values, or too long ones
   */
  set(key: string, value: unknown): void {
    if (typeof key !== "string") {
      throw new TypeError("Cannot keep a value: its key must be a string");
    }
    const shown = key.slice(0, MAX_SHOWN_KEY);
    const before = sizeOf(key, this.#texts.get(key));
    if (value === undefined) {
      this.#texts.delete(key);
      this.#characters -= before;
      return this.onSet(key, undefined);
    }
    const text = JSON.stringify(fitForJson(value, shown, "Cannot keep"));
    const characters = this.#characters - before + sizeOf(key, text);
    if (before === 0 && this.#texts.size >= MAX_VALUES) {
      throw new RangeError(`Cannot keep ${shown}: a session may have ${MAX_VALUES} values`);
    }
    if (characters > MAX_CHARACTERS) {
      throw new RangeError(
        `Cannot keep ${shown}: the values of a session may have ${MAX_CHARACTERS} characters of JSON`,
      );
    }
    this.#texts.set(key, text);
    this.#characters = characters;
    this.onSet(key, text);
  }
}

function sizeOf(key: string, text: string | undefined): number {
  return text === undefined ? 0 : key.length + text.length;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
