/**
 * What the server offers, by name, and who wants to know when that changes.
 *
 * @module
 */
import { ProtocolError, RegistrationError } from "../base/errors.ts";
import { ALL_SCOPES } from "../auth/scopes.ts";
import { type Guarded, isListedFor } from "./access.ts";
import type { Prompt } from "./prompt.ts";
import type { Resource, ResourceTemplate } from "./resource.ts";
import type { Tool } from "./tool.ts";
import { normalizeUri } from "./uri.ts";

/** The kinds of things offered, each with a list of its own. */
export type ListKind = "tools" | "resources" | "prompts";

/** One page of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Where the next page begins; none on the last. */
  readonly nextCursor?: string;
}

/** One list of the catalog, in the order of registration. */
export class CatalogList<T extends { readonly name: string } & Guarded> {
  readonly #kind: string;
  readonly #items = new Map<string, T>();
  /** A number for each item, in the order of registration, never given again. */
  readonly #places = new Map<string, number>();
  #lastPlace = 0;
  #revision = 0;
  /** What its items need, worked out when somebody asks after a change. */
  #access: ListAccess | undefined;
  readonly #changed: () => void;

  constructor(kind: string, changed: () => void) {
    this.#kind = kind;
    this.#changed = () => {
      this.#revision++;
      this.#access = undefined;
      changed();
    };
  }

  /** Grows with every change: what was made of an earlier one is out of date. */
  get revision(): number {
    return this.#revision;
  }

  /** What the items need of their callers. */
  get access(): ListAccess {
    return this.#access ??= listAccess(this.#items.values());
  }

  /**
   * Names what a caller finds here: callers of one view find the same.
   *
   * @param granted the caller's scopes
   */
  viewOf(granted: readonly string[] | undefined): string {
    const { viewScopes } = this.access;
    if (viewScopes.length === 0 || granted === undefined) return "";
    // No scope has a blank, so no caller of a token has this view.
    if (granted === ALL_SCOPES) return " all";
    return viewScopes.filter((scope) => granted.includes(scope)).join(" ");
  }

  /** What a caller finds here, in the order of registration. */
  visibleTo(granted: readonly string[] | undefined): IteratorObject<T> {
    return this.#items.values().filter((item) => isListedFor(item, granted));
  }

  get size(): number {
    return this.#items.size;
  }

  get(name: string): T | undefined {
    return this.#items.get(name);
  }

  values(): IterableIterator<T> {
    return this.#items.values();
  }

  /** @throws {RegistrationError} when the name is taken */
  add(item: T): void {
    if (this.#items.has(item.name)) {
      throw new RegistrationError(
        `Cannot serve ${this.#kind} "${item.name}": the name is taken`,
      );
    }
    this.#items.set(item.name, item);
    this.#places.set(item.name, ++this.#lastPlace);
    this.#changed();
  }

  /** @returns false when there is no such item */
  remove(name: string): boolean {
    const removed = this.#items.delete(name);
    this.#places.delete(name);
    if (removed) this.#changed();
    return removed;
  }

  /**
   * One page of what a caller finds, in the order of registration. The cursor tells the place of the last item of the page
   * before, so that it holds when items come and go, that one included.
   *
   * @throws {ProtocolError} `invalid_params` for a cursor that this list did not give out
   */
  page(cursor: unknown, pageSize: number, granted?: readonly string[]): Page<T> {
    const after = cursor === undefined ? 0 : this.#placeOf(cursor);
    const left = [...this.visibleTo(granted)].filter(({ name }) =>
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
    if (kind === this.#kind && place > 0 && place <= this.#lastPlace) return place;
    throw new ProtocolError(
      "invalid_params",
      'Invalid params: "cursor" is not one that this list gave out; list again from the start',
    );
  }
}

/** What the items of a list need of their callers. */
export interface ListAccess {
  /** The scopes that decide who finds what, in alphabetical order; none where all find the same. */
  readonly viewScopes: readonly string[];
  /** Whether any item needs scopes. */
  readonly isGuarded: boolean;
}

function listAccess(items: Iterable<Guarded>): ListAccess {
  const guarded = [...items].filter(({ scopes = [] }) => scopes.length > 0);
  const hidden = guarded.filter(({ isListedForAll }) => isListedForAll !== true);
  const viewScopes = [...new Set(hidden.flatMap(({ scopes = [] }) => scopes))].sort();
  return { viewScopes, isGuarded: guarded.length > 0 };
}

/** The tools, resources, templates and prompts that an app serves. */
// deno-lint-ignore no-explicit-any -- as for the features themselves
export interface Features<App = any> {
  readonly tools?: Iterable<Tool<App>>;
  readonly resources?: Iterable<Resource<App>>;
  readonly resourceTemplates?: Iterable<ResourceTemplate<App>>;
  readonly prompts?: Iterable<Prompt<App>>;
}

/** The former name of {@linkcode Features}. */
export type Offer = Features;

/** A change that clients are told of. */
export type CatalogChange =
  | { readonly kind: ListKind }
  | { readonly kind: "resource"; readonly uri: string };

/** All that is offered; things may come and go while the server runs, and clients are told. */
export class Catalog {
  readonly tools: CatalogList<Tool> = new CatalogList(
    "tool",
    () => this.#changed({ kind: "tools" }),
  );
  readonly resources: CatalogList<Resource> = new CatalogList(
    "resource",
    () => this.#changed({ kind: "resources" }),
  );
  readonly resourceTemplates: CatalogList<ResourceTemplate> = new CatalogList(
    "resource template",
    () => this.#changed({ kind: "resources" }),
  );
  readonly prompts: CatalogList<Prompt> = new CatalogList(
    "prompt",
    () => this.#changed({ kind: "prompts" }),
  );
  /** Made at the first look-up of a revision that needs it. */
  #byNormalUri:
    | { readonly revision: number; readonly byUri: ReadonlyMap<string, Resource> }
    | undefined;
  readonly #listeners = new Set<(change: CatalogChange) => void>();

  /** @throws {RegistrationError} when two of a kind share a name */
  constructor(features: Features = {}) {
    for (const tool of features.tools ?? []) this.tools.add(tool);
    for (const resource of features.resources ?? []) this.resources.add(resource);
    for (const template of features.resourceTemplates ?? []) this.resourceTemplates.add(template);
    for (const prompt of features.prompts ?? []) this.prompts.add(prompt);
  }

  /**
   * The resource with that URI, or with one that RFC 3986 calls equivalent (section 6.2).
   *
   * @param uri as a client sent it
   */
  resource(uri: string): Resource | undefined {
    const exact = this.resources.get(uri);
    if (exact !== undefined || this.resources.size === 0) return exact;
    const { revision } = this.resources;
    if (this.#byNormalUri?.revision !== revision) {
      const resources = [...this.resources.values()].reverse();
      const byUri = new Map(resources.map((one) => [normalizeUri(one.name), one]));
      this.#byNormalUri = { revision, byUri };
    }
    return this.#byNormalUri?.byUri.get(normalizeUri(uri));
  }

  /** Whether anything here needs scopes. */
  get isGuarded(): boolean {
    return this.tools.access.isGuarded || this.resources.access.isGuarded ||
      this.resourceTemplates.access.isGuarded || this.prompts.access.isGuarded;
  }

  /** Tells the clients that subscribed to a resource that it has changed. */
  resourceUpdated(uri: string): void {
    this.#changed({ kind: "resource", uri });
  }

  /**
   * Has `listener` told of every change.
   *
   * @returns stops that
   */
  onChange(listener: (change: CatalogChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #changed(change: CatalogChange): void {
    for (const listener of this.#listeners) listener(change);
  }
}

function decodeBase64(text: string): string {
  try {
    return atob(text);
  } catch {
    return "";
  }
}
