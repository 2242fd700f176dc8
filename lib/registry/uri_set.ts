import { copyText } from "../base/copy_text.ts";
import { normalizeUri } from "./uri.ts";

/** Longest URI that may be subscribed to, in characters. */
export const MAX_SUBSCRIBED_URI = 2_048;

/** The URI that was normalized last: one change is looked up by each of its subscribers. */
let last = { uri: "", normal: "" };

/** A set of URIs, compared as RFC 3986 compares them (section 6.2), not as text. */
export class UriSet implements Iterable<string> {
  /** The text that was added, by its normal form. */
  readonly #texts = new Map<string, string>();
  /** Called with each URI that is added or deleted. */
  onChange: ((uri: string, isMember: boolean) => void) | undefined;

  /** @param uris the first members */
  constructor(uris: Iterable<string> = []) {
    for (const uri of uris) this.add(uri);
  }

  get size(): number {
    return this.#texts.size;
  }

  has(uri: string): boolean {
    return this.#texts.size > 0 && this.#texts.has(normalOf(uri));
  }

  /** Adds a URI; the first of equal ones stays. */
  add(uri: string): void {
    const normal = normalOf(uri);
    if (this.#texts.has(normal)) return;
    const text = copyText(uri, uri.length);
    this.#texts.set(copyText(normal, normal.length), text);
    this.onChange?.(text, true);
  }

  delete(uri: string): void {
    const normal = normalOf(uri);
    const text = this.#texts.get(normal);
    if (text === undefined) return;
    this.#texts.delete(normal);
    this.onChange?.(text, false);
  }

  /** Makes these its only members. */
  replace(uris: Iterable<string>): void {
    const next = new UriSet(uris);
    for (const uri of [...this]) if (!next.has(uri)) this.delete(uri);
    for (const uri of next) this.add(uri);
  }

  /** The URIs as they were added. */
  [Symbol.iterator](): IterableIterator<string> {
    return this.#texts.values();
  }
}

function normalOf(uri: string): string {
  if (last.uri !== uri) last = { uri, normal: normalizeUri(uri) };
  return last.normal;
}
