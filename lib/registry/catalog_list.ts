/**
 * One list of the catalog: its features by name, and in pages.
 *
 * @module
 */
import { ALL_SCOPES } from "../auth/scopes.ts";
import { ProtocolError, RegistrationError } from "../base/errors.ts";
import { type Guarded, isListedFor } from "./access.ts";
import { describeValue, type FeatureKind, kindOf } from "./feature_form.ts";
import type { Shift, Viewer, Visibility } from "./visibility.ts";
import { isSelected, requireSelection, type Selection, type Serving } from "./serving.ts";

/** One page of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Cursor of the next page; absent on the last one. */
  readonly nextCursor?: string;
}

/** One list of the catalog, in the order of registration. */
export class CatalogList<T extends { readonly name: string } & Guarded & Serving> {
  readonly #kind: string;
  /** All items; those that are switched off are in this map alone. */
  readonly #items = new Map<string, T>();
  /** The items that are served, in the same order. */
  #served = new Map<string, T>();
  /** A number for each item, in the order of registration, never given again. */
  readonly #places = new Map<string, number>();
  #lastPlace = 0;
  #revision = 0;
  /** The needs of its items, worked out at the first question after a change. */
  #access: ListAccess | undefined;
  readonly #onChange: (shifts: readonly Shift[]) => void;

  /** @param onChange called with the features that have come, gone or been switched */
  constructor(kind: string, onChange: (shifts: readonly Shift[]) => void) {
    this.#kind = kind;
    this.#onChange = onChange;
  }

  #changed(shifts: readonly Shift[]): void {
    this.#revision++;
    this.#access = undefined;
    this.#onChange(shifts);
  }

  /** Grows with every change; data derived from an earlier revision is out of date. */
  get revision(): number {
    return this.#revision;
  }

  /** The scopes that the items need of their callers. */
  get access(): ListAccess {
    return this.#access ??= listAccess(this.#items.values());
  }

  /** Names the features that a caller sees; callers with the same view see the same features. */
  viewOf({ granted, visibility }: Viewer): string {
    const view = this.#scopeView(granted);
    return visibility === undefined ? view : `${view}\n${visibility.key}`;
  }

  #scopeView(granted: readonly string[] | undefined): string {
    const { viewScopes } = this.access;
    if (viewScopes.length === 0 || granted === undefined) return "";
    // No scope has a blank, so no caller of a token has this view.
    if (granted === ALL_SCOPES) return " all";
    return viewScopes.filter((scope) => granted.includes(scope)).join(" ");
  }

  /** The items that a caller finds here, in the order of registration. */
  visibleTo({ granted, visibility }: Viewer): IteratorObject<T> {
    const items = visibility === undefined
      ? this.#served.values()
      : this.#items.values().filter((item) => visibility.allows(item, this.#served.has(item.name)));
    return items.filter((item) => isListedFor(item, granted));
  }

  /** How many items are served. */
  get size(): number {
    return this.#served.size;
  }

  /** The item of that name, if it is served. */
  get(name: string): T | undefined {
    return this.#served.get(name);
  }

  /** The item of that name, if a session sees it. */
  find(name: string, visibility: Visibility | undefined): T | undefined {
    if (visibility === undefined) return this.#served.get(name);
    const item = this.#items.get(name);
    return item !== undefined && visibility.allows(item, this.#served.has(name)) ? item : undefined;
  }

  /** The names of all items, also of those that are switched off. */
  names(): IterableIterator<string> {
    return this.#items.keys();
  }

  /** All items, also those that are switched off. */
  all(): IterableIterator<T> {
    return this.#items.values();
  }

  /** The names of the items with a tag that a client finds here, as one text. */
  seenWith(tag: string, viewer: Viewer): string {
    const seen = this.visibleTo(viewer).filter((item) => isSelected(item, { tag }));
    return JSON.stringify([...seen.map(({ name }) => name)]);
  }

  /** The items that are served, in the order of registration. */
  values(): IterableIterator<T> {
    return this.#served.values();
  }

  /**
   * Serves an item, unless its definition says `enabled: false`: then it waits for {@linkcode enable}.
   *
   * @throws {RegistrationError} when the name is taken, also by one that is switched off, and for what
   *   belongs in no list or in another
   */
  add(item: T): void {
    requireKind(item, this.#kind);
    const known = this.#items.get(item.name);
    if (known !== undefined) {
      throw new RegistrationError(
        `Cannot serve ${this.#kind} "${item.name}": the name is taken${originsOf(known, item)}`,
      );
    }
    this.#items.set(item.name, item);
    this.#places.set(item.name, ++this.#lastPlace);
    const isServed = item.enabled !== false;
    if (isServed) this.#served.set(item.name, item);
    this.#changed([{ feature: item, before: undefined, after: isServed }]);
  }

  /** @returns false when there is no such item */
  remove(name: string): boolean {
    const item = this.#items.get(name);
    if (item === undefined) return false;
    this.#items.delete(name);
    this.#places.delete(name);
    const wasServed = this.#served.delete(name);
    this.#changed([{ feature: item, before: wasServed, after: undefined }]);
    return true;
  }

  /**
   * Enables items, at their old places in the list.
   *
   * @param selection a name, or `{ tag }` for all that have the tag
   * @returns whether that changed anything; clients are notified if it did
   * @throws {TypeError} for anything else
   */
  enable(selection: Selection): boolean {
    requireSelection(selection);
    return this.#serveWhere((item) => this.#served.has(item.name) || isSelected(item, selection));
  }

  /**
   * Disables items. They stay registered, but clients can neither see nor use them.
   *
   * @param selection a name, or `{ tag }` for all that have the tag
   * @returns whether that changed anything; clients are notified if it did
   * @throws {TypeError} for anything else
   */
  disable(selection: Selection): boolean {
    requireSelection(selection);
    return this.#serveWhere((item) => this.#served.has(item.name) && !isSelected(item, selection));
  }

  #serveWhere(isServed: (item: T) => boolean): boolean {
    const before = this.#served;
    const served = new Map([...this.#items].filter(([, item]) => isServed(item)));
    if (served.size === before.size) return false;
    this.#served = served;
    const shifted = this.#items.values().filter(({ name }) =>
      before.has(name) !== served.has(name)
    );
    this.#changed([...shifted.map((feature) => {
      const isServedNow = served.has(feature.name);
      return { feature, before: !isServedNow, after: isServedNow };
    })]);
    return true;
  }

  /**
   * One page of the features that a caller sees, in the order of registration. The cursor names the
   * place of the last item of the previous page, so it stays valid when items come and go, even
   * that one.
   *
   * @throws {ProtocolError} `invalid_params` for a cursor that this list did not issue
   */
  page(cursor: unknown, pageSize: number, viewer: Viewer = {}): Page<T> {
    const after = cursor === undefined ? 0 : this.#placeOf(cursor);
    const left = [...this.visibleTo(viewer)].filter(({ name }) =>
      after === 0 || this.#place(name) > after
    );
    const items = left.slice(0, pageSize);
    const last = items.at(-1);
    return last !== undefined && items.length < left.length
      ? { items, nextCursor: btoa(`${this.#kind} ${this.#place(last.name)}`) }
      : { items };
  }

  #place(name: string): number {
    return this.#places.get(name) ?? 0;
  }

  #placeOf(cursor: unknown): number {
    const text = typeof cursor === "string" ? decodeBase64(cursor) : "";
    const [, kind, digits = ""] = /^(.+) ([1-9]\d{0,8})$/.exec(text) ?? [];
    const place = Number(digits);
    // A page that ends with the last item has no cursor.
    if (kind === this.#kind && place < this.#lastPlace) return place;
    throw new ProtocolError(
      "invalid_params",
      'Invalid params: "cursor" is not one that this list gave out; list again from the start',
    );
  }
}

/** The kinds of the lists, by the names that errors have for an item. */
const KINDS: Readonly<Record<string, FeatureKind>> = {
  "tool": "tools",
  "resource": "resources",
  "resource template": "resourceTemplates",
  "prompt": "prompts",
};

/** Features are also added while a server runs, and by programs without types. */
function requireKind(item: unknown, kind: string): void {
  const found = kindOf(item);
  if (found === KINDS[kind]) return;
  const isGroup = typeof item === "object" && item !== null && "features" in item;
  const what = isGroup
    ? "a group; add its features one by one"
    : found === undefined
    ? describeValue(item)
    : `one of the ${found}`;
  throw new RegistrationError(`Cannot serve as a ${kind}: ${what}`);
}

/** The scopes that the items of a list need of their callers. */
export interface ListAccess {
  /**
   * The scopes that decide which features a caller sees, in alphabetical order; empty if all
   * callers see the same.
   */
  readonly viewScopes: readonly string[];
  /** Whether any item needs scopes. */
  readonly isGuarded: boolean;
}

/** Names the origins of two items with the same name, as far as they have one. */
function originsOf(known: Serving, added: Serving): string {
  if (known.origin === undefined && added.origin === undefined) return "";
  const [first, second] = [known, added].map(({ origin = "the app itself" }) => origin);
  return `, by one of ${first}; the other is of ${second}`;
}

function listAccess(items: Iterable<Guarded>): ListAccess {
  const guarded = [...items].filter(({ scopes = [] }) => scopes.length > 0);
  const hidden = guarded.filter(({ isListedForAll }) => isListedForAll !== true);
  const viewScopes = [...new Set(hidden.flatMap(({ scopes = [] }) => scopes))].sort();
  return { viewScopes, isGuarded: guarded.length > 0 };
}

function decodeBase64(text: string): string {
  try {
    return atob(text);
  } catch {
    return "";
  }
}
