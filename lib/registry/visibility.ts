import type { Serving } from "./serving.ts";

/** Decides whether a client sees a feature, whatever others see. */
export interface Sight {
  /** Clients with the same key see the same. */
  readonly key: string;
  /**
   * Whether a thing is seen.
   *
   * @param isServed whether all see it
   */
  allows(thing: Serving, isServed: boolean): boolean;
}

/** Sees what is switched off as well. */
export const SEES_ALL: Sight = { key: "all", allows: () => true };

/** The sight of one session, by tags. */
export class Visibility implements Sight {
  readonly #shown = new Set<string>();
  readonly #hidden = new Set<string>();

  get key(): string {
    return [this.#shown, this.#hidden].map((tags) => JSON.stringify([...tags].sort())).join();
  }

  /** Shows what has the tag, also where it is switched off for all. */
  show(tag: string): void {
    this.#hidden.delete(tag);
    this.#shown.add(tag);
  }

  /** Hides what has the tag. */
  hide(tag: string): void {
    this.#shown.delete(tag);
    this.#hidden.add(tag);
  }

  /** A tag that is hidden outweighs one that is shown. */
  allows({ tags = [] }: Serving, isServed: boolean): boolean {
    if (tags.some((tag) => this.#hidden.has(tag))) return false;
    return isServed || tags.some((tag) => this.#shown.has(tag));
  }
}

/** The client that reads a list. */
export interface Viewer {
  /** The caller's scopes; undefined for a caller who has none. */
  readonly granted?: readonly string[] | undefined;
  /** The sight of the caller's session; undefined where it sees what all see. */
  readonly visibility?: Sight | undefined;
}
