/**
 * What the server offers, by name, and who wants to know when that changes.
 *
 * @module
 */
import { ProtocolError, RegistrationError } from "../base/errors.ts";
import type { Prompt } from "./prompt.ts";
import type { Resource, ResourceTemplate } from "./resource.ts";
import type { Tool } from "./tool.ts";

/** The kinds of things offered, each with a list of its own. */
export type ListKind = "tools" | "resources" | "prompts";

/** One page of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Where the next page begins; none on the last. */
  readonly nextCursor?: string;
}

/** One list of the catalog, in the order of registration. */
export class Shelf<T extends { readonly name: string }> {
  readonly #kind: string;
  readonly #items = new Map<string, T>();
  readonly #changed: () => void;

  constructor(kind: string, changed: () => void) {
    this.#kind = kind;
    this.#changed = changed;
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
    this.#changed();
  }

  /** @returns false when there is no such item */
  remove(name: string): boolean {
    const removed = this.#items.delete(name);
    if (removed) this.#changed();
    return removed;
  }

  /**
   * One page, in the order of registration. The cursor names the last item of the page before, so
   * that it holds when items come and go.
   *
   * @throws {ProtocolError} `invalid_params` for a cursor that this list did not give out
   */
  page(cursor: unknown, pageSize: number): Page<T> {
    const all = [...this.#items.values()];
    const start = cursor === undefined ? 0 : this.#indexAfter(cursor, all);
    const items = all.slice(start, start + pageSize);
    const last = items.at(-1);
    return last !== undefined && start + pageSize < all.length
      ? { items, nextCursor: encodeCursor(last.name) }
      : { items };
  }

  #indexAfter(cursor: unknown, all: readonly T[]): number {
    const name = typeof cursor === "string" ? decodeCursor(cursor) : undefined;
    const index = all.findIndex((item) => item.name === name);
    if (index >= 0) return index + 1;
    throw new ProtocolError(
      "invalid_params",
      'Invalid params: "cursor" is not one that this list gave out, or its place is gone; ' +
        "list again from the start",
    );
  }
}

/** What an app serves. */
export interface Offer {
  readonly tools?: Iterable<Tool>;
  readonly resources?: Iterable<Resource>;
  readonly resourceTemplates?: Iterable<ResourceTemplate>;
  readonly prompts?: Iterable<Prompt>;
}

/** A change that clients are told of. */
export type CatalogChange =
  | { readonly kind: ListKind }
  | { readonly kind: "resource"; readonly uri: string };

/** All that is offered; things may come and go while the server runs, and clients are told. */
export class Catalog {
  readonly tools: Shelf<Tool> = new Shelf("tool", () => this.#changed({ kind: "tools" }));
  readonly resources: Shelf<Resource> = new Shelf(
    "resource",
    () => this.#changed({ kind: "resources" }),
  );
  readonly resourceTemplates: Shelf<ResourceTemplate> = new Shelf(
    "resource template",
    () => this.#changed({ kind: "resources" }),
  );
  readonly prompts: Shelf<Prompt> = new Shelf("prompt", () => this.#changed({ kind: "prompts" }));
  readonly #listeners = new Set<(change: CatalogChange) => void>();

  /** @throws {RegistrationError} when two of a kind share a name */
  constructor(offer: Offer = {}) {
    for (const tool of offer.tools ?? []) this.tools.add(tool);
    for (const resource of offer.resources ?? []) this.resources.add(resource);
    for (const template of offer.resourceTemplates ?? []) this.resourceTemplates.add(template);
    for (const prompt of offer.prompts ?? []) this.prompts.add(prompt);
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

function encodeCursor(name: string): string {
  return btoa(encodeURIComponent(name));
}

function decodeCursor(cursor: string): string | undefined {
  try {
    return decodeURIComponent(atob(cursor));
  } catch {
    return undefined;
  }
}
