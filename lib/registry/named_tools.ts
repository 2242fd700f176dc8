/**
 * Middleware that is for some tools only, by their names.
 *
 * @module
 */
import { ConfigError } from "../base/errors.ts";
import { describeValue } from "./feature_form.ts";
import type { MiddlewareCall } from "./middleware.ts";

/**
 * The names of tools that an option has.
 *
 * @throws {ConfigError} for anything but a list of texts
 */
export function toolNames(tools: unknown): ReadonlySet<string> {
  // A text is a list of its characters, which name no tool.
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
