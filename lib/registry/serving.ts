/**
 * Whether a thing is served, and the tags by which several are switched on and off together.
 *
 * @module
 */
import { RegistrationError } from "../base/errors.ts";

/** Part of the definition of a tool, a resource, a template or a prompt. */
export interface ServingDefinition {
  /** Names that it shares with others, such as `admin`; clients do not see them. */
  readonly tags?: readonly string[] | undefined;
  /**
   * Whether it is served from the start; default: true. `catalog.tools.enable()` and `disable()`
   * change it, and clients are notified.
   */
  readonly enabled?: boolean | undefined;
}

/** Something that may have tags, and may be switched off. */
export interface Serving {
  readonly tags?: readonly string[];
  /** Whether it is served from the start. */
  readonly enabled?: boolean;
  /** Its origin for error messages, such as `group "billing"`. */
  readonly origin?: string;
}

/** One thing by its name, or all that have a tag. */
export type Selection = string | { readonly tag: string };

/**
 * Reads the tags and the switch of a definition.
 *
 * @param owner named in the error, for example `tool "add"`
 * @throws {RegistrationError} for tags that are not a list of texts
 */
export function servingOf({ tags, enabled }: ServingDefinition, owner: string): Serving {
  if (tags !== undefined && !isTagList(tags)) {
    throw new RegistrationError(`Cannot serve ${owner}: its tags are not a list of texts`);
  }
  return { ...(tags !== undefined && { tags }), ...(enabled === false && { enabled }) };
}

/** @throws {TypeError} for anything but a name or a tag, which would select nothing */
export function requireSelection(selection: unknown): void {
  if (typeof selection === "string") return;
  const tag = (selection as { readonly tag?: unknown } | null | undefined)?.tag;
  if (typeof tag === "string") return;
  throw new TypeError(
    `Cannot enable or disable ${JSON.stringify(selection)}: give a name, or { tag } with a text`,
  );
}

/** Whether a thing is among those selected. */
export function isSelected(
  thing: Serving & { readonly name: string },
  selection: Selection,
): boolean {
  return typeof selection === "string"
    ? thing.name === selection
    : thing.tags?.includes(selection.tag) ?? false;
}

function isTagList(tags: unknown): boolean {
  return Array.isArray(tags) && tags.every((tag) => typeof tag === "string" && tag !== "");
}
