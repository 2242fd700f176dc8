import { toJsonValue } from "../../wire/json_value.ts";

/** Most values of one session. */
const MAX_VALUES = 100;
/** Most characters of JSON of one session, names included. */
const MAX_CHARACTERS = 16_384;

/** Values that tools keep for a session, as JSON, so that a store may keep them too. */
export class SessionData {
  readonly #texts = new Map<string, string>();
  readonly #onChange: (key: string, text: string) => void;
  #characters = 0;

  /** @param onChange called with the key and the JSON of each value that is set; "" if it is removed */
  constructor(onChange: (key: string, text: string) => void = () => {}) {
    this.#onChange = onChange;
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
    const before = sizeOf(key, this.#texts.get(key));
    if (value === undefined) {
      this.#put(key, "");
      this.#onChange(key, "");
      return;
    }
    const text = JSON.stringify(toJsonValue(value, key));
    const characters = this.#characters - before + sizeOf(key, text);
    if (before === 0 && this.#texts.size >= MAX_VALUES) {
      throw new RangeError(`Cannot keep ${key}: a session may have ${MAX_VALUES} values`);
    }
    if (characters > MAX_CHARACTERS) {
      throw new RangeError(
        `Cannot keep ${key}: the values of a session may have ${MAX_CHARACTERS} characters of JSON`,
      );
    }
    this.#put(key, text);
    this.#onChange(key, text);
  }

  /** Takes over a value that another instance has set, which has checked the limits. */
  merge(key: string, text: string): void {
    this.#put(key, text);
  }

  #put(key: string, text: string): void {
    this.#characters -= sizeOf(key, this.#texts.get(key));
    if (text === "") this.#texts.delete(key);
    else {
      this.#texts.set(key, text);
      this.#characters += sizeOf(key, text);
    }
  }
}

function sizeOf(key: string, text: string | undefined): number {
  return text === undefined ? 0 : key.length + text.length;
}
