import { ConfigError, messageOf } from "../base/errors.ts";
import type { Tool } from "../registry/tool.ts";

/**
 * Loads a module and takes its exports that are tools, or lists of tools.
 *
 * @param specifier a path, seen from the working directory, or a URL
 * @param others tools that will be served as well, whose names are taken
 * @throws {ConfigError} saying what does not load and why
 */
export async function loadTools(
  specifier: string,
  others: readonly Tool[] = [],
): Promise<Tool[]> {
  const url = /^(\/|\.{0,2}\/|[A-Za-z]:\\)/.test(specifier) || !specifier.includes(":")
    ? new URL(specifier, `file://${Deno.cwd()}/`).href
    : specifier;
  const refuse = (why: string, cause?: unknown) =>
    new ConfigError(`Cannot load MCP_TOOLS=${specifier} (${url}): ${why}`, { cause });
  let module: Record<string, unknown>;
  try {
    module = await import(url);
  } catch (error) {
    throw refuse(messageOf(error), error);
  }
  // One tool may be exported by its name and in a list.
  const tools = [...new Set(Object.values(module).flat().filter(isTool))];
  if (tools.length === 0) throw refuse("it exports no tools; export what defineTool() returns");
  const taken = new Set(others.map(({ name }) => name));
  for (const { name } of tools) {
    if (taken.has(name)) throw refuse(`the name of its tool "${name}" is taken`);
    taken.add(name);
  }
  return tools;
}

function isTool(value: unknown): value is Tool {
  return typeof value === "object" && value !== null && "listing" in value &&
    "call" in value &&
    typeof value.call === "function";
}
