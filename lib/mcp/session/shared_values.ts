/**
 * The values and tags of a session as the instances of a fleet tell them to each other: one text for
 * each name, so that two instances can change two names at once.
 *
 * @module
 */
import type { Visibility } from "../../registry/visibility.ts";
import type { SessionData } from "./session_data.ts";

/** Texts by name; an empty text stands for a value that was removed. */
export type SessionValues = Readonly<Record<string, string>>;

/** Begins the names of values. */
const VALUE = "v:";
/** Begins the names of tags. */
const TAG = "t:";

/** Collects the changes of one session that other instances do not know yet. */
export class SharedValues {
  #changed = new Map<string, string>();

  /** Notes a value that was set, or removed. */
  noteValue(key: string, text: string): void {
    this.#changed.set(VALUE + key, text);
  }

  /** Notes a tag that was shown or hidden. */
  noteTag(tag: string, isVisible: boolean): void {
    this.#changed.set(TAG + tag, isVisible ? "shown" : "hidden");
  }

  /** The changes since the last call; undefined if there are none. */
  take(): SessionValues | undefined {
    if (this.#changed.size === 0) return undefined;
    const values = Object.fromEntries(this.#changed);
    this.#changed = new Map();
    return values;
  }
}

/** Takes over changes of another instance. */
export function mergeValues(
  values: SessionValues,
  parts: { readonly data: SessionData; readonly visibility: Visibility },
): void {
  for (const [name, text] of Object.entries(values)) {
    if (name.startsWith(VALUE)) parts.data.merge(name.slice(VALUE.length), text);
    else if (name.startsWith(TAG) && text === "shown") {
      parts.visibility.show(name.slice(TAG.length));
    } else if (name.startsWith(TAG)) parts.visibility.hide(name.slice(TAG.length));
  }
}
