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

/** Sees disabled features too. */
export const SEES_ALL: Sight = { key: "all", allows: () => true };

/** Sees what is served to everybody. */
export const SEES_SERVED: Sight = { key: "", allows: (_thing, isServed) => isServed };

/** The sight of one session, by tags. */
export class Visibility implements Sight {
  readonly #shown = new Set<string>();
  readonly #hidden = new Set<string>();

  get key(): string {
    return [this.#shown, this.#hidden].map((tags) => JSON.stringify([...tags].sort())).join();
  }

  /** Shows the features with the tag, even if they are disabled for others. */
  show(tag: string): void {
    this.#hidden.delete(tag);
    this.#shown.add(tag);
  }

  /** Hides the features with the tag. */
  hide(tag: string): void {
    this.#shown.delete(tag);
    this.#hidden.add(tag);
  }

  /** The tags that are shown (true) or hidden (false). */
  get tags(): Record<string, boolean> {
    return Object.fromEntries([
      ...[...this.#shown].map((tag) => [tag, true] as const),
      ...[...this.#hidden].map((tag) => [tag, false] as const),
    ]);
  }

  /** A tag that is hidden outweighs one that is shown. */
  allows({ tags = [] }: Serving, isServed: boolean): boolean {
    if (tags.some((tag) => this.#hidden.has(tag))) return false;
    return isServed || tags.some((tag) => this.#shown.has(tag));
  }
}

/** The client that reads a list. */
export interface Viewer {
  /** The caller's scopes; undefined for a caller without any. */
  readonly granted?: readonly string[] | undefined;
  /** The sight of the caller's session; undefined for the default. */
  readonly visibility?: Sight | undefined;
}
