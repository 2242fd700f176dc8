import { copyText } from "../base/copy_text.ts";
import { normalizeUri } from "./uri.ts";

/** Longest URI that may be subscribed to, in characters. */
export const MAX_SUBSCRIBED_URI = 2_048;
/** Levels of a path, from its root, at which a sub-resource is looked for. */
const MAX_LEVELS = 200;
/** A normal URI up to its fragment; in groups, the same up to its query and up to its path. */
const PARTS_REGEXP = /^(([a-z][a-z0-9+.-]*:(?:\/\/[^/?#]*)?)[^?#]*)(?:\?[^#]*)?/;

/** The URI that was looked up last: one change is looked up by each of its subscribers. */
let last: { readonly uri: string; readonly normal: string; parents?: readonly string[] } = {
  uri: "",
  normal: "",
};

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

  /**
   * Whether a URI is a member or a sub-resource of one (2025-11-25 and 2026-07-28, schema,
   * `ResourceUpdatedNotification`): the member continues with `/`, `?` or `#`.
   */
  covers(uri: string): boolean {
    return this.has(uri) ||
      (this.#texts.size > 0 && parentsOf(uri).some((parent) => this.#texts.has(parent)));
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

/** The normal forms of all URIs that have this one as a sub-resource, and perhaps its own. */
function parentsOf(uri: string): readonly string[] {
  const normal = normalOf(uri);
  return last.parents ??= parentsOfNormal(normal);
}

function parentsOfNormal(normal: string): readonly string[] {
  const parts = PARTS_REGEXP.exec(normal);
  if (parts === null) return [];
  const [whole, path = "", start = ""] = parts;
  // Slices share the text of the whole, however many there are.
  const parents = [whole, path];
  for (const { index } of path.slice(start.length).matchAll(/\//g).take(MAX_LEVELS)) {
    const at = start.length + index;
    // The root has its slash: `a:/x` is not a part of `a:`.
    if (index > 0) parents.push(path.slice(0, at));
    parents.push(path.slice(0, at + 1));
  }
  return parents;
}

function normalOf(uri: string): string {
  if (last.uri !== uri) last = { uri, normal: normalizeUri(uri) };
  return last.normal;
}
