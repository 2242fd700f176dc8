import { type Guarded, isListedFor } from "./access.ts";
import type { Serving } from "./serving.ts";

/** The features that a client sees, whatever others see. */
export interface Visibility {
  /** Clients with the same key see the same. */
  readonly key: string;
  /**
   * Whether the client sees a feature.
   *
   * @param isServed whether the feature is enabled
   */
  allows(feature: Serving, isServed: boolean): boolean;
}

/** A client that sees disabled features too. */
export const SEES_ALL: Visibility = { key: "all", allows: () => true };

/** A client that sees the features that are enabled, which is the default. */
export const SEES_SERVED: Visibility = { key: "", allows: (_feature, isServed) => isServed };

/** A feature that was registered, removed, enabled or disabled. */
export interface Shift {
  readonly feature: Serving & Guarded;
  /** Whether it was enabled; undefined if it was not registered. */
  readonly before: boolean | undefined;
  /** Whether it is enabled; undefined if it is not registered any more. */
  readonly after: boolean | undefined;
}

/** Whether a client finds another list than before. */
export function changesView(
  shifts: readonly Shift[],
  { granted, visibility = SEES_SERVED }: Viewer,
): boolean {
  return shifts.some(({ feature, before, after }) => {
    const sees = (isServed: boolean | undefined) =>
      isServed !== undefined && visibility.allows(feature, isServed);
    return sees(before) !== sees(after) && isListedFor(feature, granted);
  });
}

/** Whether the scopes of a client decide if it finds any of the features in lists. */
export function dependsOnScopes(shifts: readonly Shift[]): boolean {
  return shifts.some(({ feature }) => !isListedFor(feature, undefined));
}

/** Most tags that one session shows and hides. */
const MAX_TAGS = 100;
/** Longest tag, in characters. */
const MAX_TAG = 200;

/** The features that one session sees, by tags. */
export class SessionVisibility implements Visibility {
  readonly #shown = new Set<string>();
  readonly #hidden = new Set<string>();

  get key(): string {
    return [this.#shown, this.#hidden].map((tags) => JSON.stringify([...tags].sort())).join();
  }

  /**
   * Shows the features with the tag, even if they are disabled for others.
   *
   * @returns whether that changed anything
   */
  show(tag: string): boolean {
    const isNew = !this.#shown.has(tag);
    this.#hidden.delete(tag);
    this.#shown.add(tag);
    return isNew;
  }

  /**
   * Hides the features with the tag.
   *
   * @returns whether that changed anything
   */
  hide(tag: string): boolean {
    const isNew = !this.#hidden.has(tag);
    this.#shown.delete(tag);
    this.#hidden.add(tag);
    return isNew;
  }

  /** The tags that are shown (true) or hidden (false). */
  get tags(): Record<string, boolean> {
    return Object.fromEntries([
      ...[...this.#shown].map((tag) => [tag, true] as const),
      ...[...this.#hidden].map((tag) => [tag, false] as const),
    ]);
  }

  /**
   * Whether one more tag has room.
   *
   * @throws {TypeError} for a tag that is not a text, or too long
   * @throws {RangeError} for more tags than a session may show and hide
   */
  requireRoom(tag: string): void {
    if (typeof tag !== "string" || tag === "" || tag.length > MAX_TAG) {
      throw new TypeError(`Cannot show or hide: a tag is a text of 1 to ${MAX_TAG} characters`);
    }
    if (this.#shown.has(tag) || this.#hidden.has(tag)) return;
    if (this.#shown.size + this.#hidden.size < MAX_TAGS) return;
    throw new RangeError(
      `Cannot show or hide "${tag}": a session may show and hide ${MAX_TAGS} tags`,
    );
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
  /** Features that the caller's session sees; undefined for the default. */
  readonly visibility?: Visibility | undefined;
}
