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
    this.#texts.set(copyText(normal, normal.length), copyText(uri, uri.length));
  }

  delete(uri: string): void {
    this.#texts.delete(normalOf(uri));
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
