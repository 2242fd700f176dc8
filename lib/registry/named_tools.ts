/**
 * Middleware that is for some tools only, by their names.
 *
 * @module
 */
import { ConfigError } from "../base/errors.ts";
import type { Catalog } from "./catalog.ts";
import { describeValue } from "./feature_form.ts";
import { middlewareOf } from "./grouped.ts";
import { type Middleware, type MiddlewareCall, placeInGroup } from "./middleware.ts";

/** The tools that middleware is for. */
const namedTools = new WeakMap<Middleware, ReadonlySet<string>>();

/** Notes that middleware is for these tools only, so that the start can check their names. */
export function forTools(tools: ReadonlySet<string>, middleware: Middleware): Middleware {
  namedTools.set(middleware, tools);
  return middleware;
}

/**
 * The names of tools that an option has.
 *
 * @throws {ConfigError} for anything but a list of texts
 */
export function toolNames(tools: unknown): ReadonlySet<string> {
  // A text is a list of its characters, and would name none of the tools.
  if (!Array.isArray(tools) && !(tools instanceof Set)) throw wrongTools(quoted(tools));
  const names: readonly unknown[] = [...tools];
  const wrong = names.findIndex((name) => typeof name !== "string" || name === "");
  if (wrong === -1) return new Set(names as string[]);
  throw wrongTools(`a list with ${quoted(names[wrong])} at [${wrong}]`);
}

function quoted(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : describeValue(value);
}

function wrongTools(what: string): ConfigError {
  return new ConfigError(`Invalid tools: ${what}; give a list of names, such as ["search"]`);
}

/** Whether a call is of one of the tools; a group's middleware may leave out the group's prefix. */
export function isOfTools(
  { name, nameInGroup }: MiddlewareCall,
  tools: ReadonlySet<string>,
): boolean {
  return tools.has(name) || (nameInGroup !== undefined && tools.has(nameInGroup));
}

/** The names of the tools that middleware is for; undefined if it is for all. */
export function namedBy(middleware: Middleware): ReadonlySet<string> | undefined {
  return namedTools.get(placeInGroup(middleware).middleware);
}

/** Whether any middleware of an app or of its groups is for some tools only. */
export function namesTools(use: readonly Middleware[], catalogs: readonly Catalog[]): boolean {
  const isNaming = (middleware: Middleware) => namedBy(middleware) !== undefined;
  return use.some(isNaming) ||
    catalogs.some((catalog) =>
      featuresOf(catalog).some((feature) => middlewareOf(feature).some(isNaming))
    );
}

/** All features of a catalog, also those that are switched off. */
export function featuresOf({ tools, resources, resourceTemplates, prompts }: Catalog) {
  return [...tools.all(), ...resources.all(), ...resourceTemplates.all(), ...prompts.all()];
}
