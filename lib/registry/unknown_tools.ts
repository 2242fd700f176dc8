/**
 * Finds the names in middleware that no tool has. They would go unnoticed: the middleware would do
 * nothing, although it may be a guard.
 *
 * @module
 */
import { logFor } from "../base/log.ts";
import { nearestOf } from "../base/nearest.ts";
import type { Catalog } from "./catalog.ts";
import { middlewareOf } from "./grouped.ts";
import { type Middleware, namedBy, placeInGroup } from "./middleware.ts";

const log = logFor("middleware");

/**
 * Logs a warning for each tool that middleware names but does not run around. A tool that is disabled
 * counts; one that is added later has no name yet.
 *
 * @param use middleware of the app, which runs around the tools of all catalogs
 */
export function warnOfUnknownTools(
  use: readonly Middleware[],
  catalogs: readonly Catalog[],
): void {
  const served = catalogs.flatMap(({ tools }) => [...tools.names()]);
  for (const [middleware, known] of namesAround(use, { catalogs, served })) {
    for (const tool of namedBy(middleware) ?? []) {
      if (known.has(tool)) continue;
      const hint = hintFor(tool, [...known], served);
      log.warning("Middleware names an unknown tool", { middleware: middleware.name, tool, hint });
    }
  }
}

function hintFor(tool: string, known: readonly string[], served: readonly string[]): string {
  const meant = known.find((name) => name.endsWith(`_${tool}`)) ?? nearestOf(tool, known);
  if (meant !== undefined) return `did you mean ${meant}?`;
  return served.includes(tool)
    ? "the tool is not in the group of this middleware"
    : "it does nothing until a tool of this name is added";
}

/** The names by which each middleware function may name the tools that it runs around. */
function namesAround(
  use: readonly Middleware[],
  { catalogs, served }: {
    readonly catalogs: readonly Catalog[];
    readonly served: readonly string[];
  },
): ReadonlyMap<Middleware, ReadonlySet<string>> {
  const all = new Map(use.map((middleware) => [middleware, new Set(served)]));
  const namesOf = (middleware: Middleware) => {
    const known = all.get(middleware) ?? new Set<string>();
    all.set(middleware, known);
    return known;
  };
  for (const catalog of catalogs) {
    const tools = new Set<object>(catalog.tools.all());
    for (const feature of catalog.all()) {
      for (const place of middlewareOf(feature).map(placeInGroup)) {
        const known = namesOf(place.middleware);
        if (!tools.has(feature)) continue;
        known.add(feature.name);
        if (place.nameInGroup !== undefined) known.add(place.nameInGroup);
      }
    }
  }
  return all;
}
