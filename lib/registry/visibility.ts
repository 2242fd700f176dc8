import type { Serving } from "./serving.ts";

/** Decides what somebody sees in place of what all see. */
export interface Sight {
  /** Who have the same key see the same. */
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

/** What one session sees in place of what all see, by tags. */
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

/** Who looks at a list. */
export interface Viewer {
  /** The caller's scopes; undefined for a caller who has none. */
  readonly granted?: readonly string[] | undefined;
  /** What the caller's session sees; undefined where it sees what all see. */
  readonly visibility?: Sight | undefined;
}
