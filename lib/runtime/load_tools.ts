import { ConfigError, messageOf } from "../base/errors.ts";
import type { Tool } from "../registry/tool.ts";

/**
 * Loads a module and takes its exports that are tools, or lists of tools.
 *
 * @param specifier a path, seen from the working directory, or a URL
 * @throws {ConfigError} saying what does not load and why
 */
export async function loadTools(specifier: string): Promise<Tool[]> {
  const url = /^(\/|\.{0,2}\/|[A-Za-z]:\\)/.test(specifier) || !specifier.includes(":")
    ? new URL(specifier, `file://${Deno.cwd()}/`).href
    : specifier;
  let module: Record<string, unknown>;
  try {
    module = await import(url);
  } catch (error) {
    throw new ConfigError(
      `Cannot load MCP_TOOLS=${specifier} (${url}): ${messageOf(error)}`,
      {
        cause: error,
      },
    );
  }
  const tools = Object.values(module).flat().filter(isTool);
  if (tools.length > 0) return tools;
  throw new ConfigError(
    `Cannot load MCP_TOOLS=${specifier} (${url}): it exports no tools; ` +
      "export what defineTool() returns",
  );
}

function isTool(value: unknown): value is Tool {
  return typeof value === "object" && value !== null && "listing" in value &&
    "call" in value &&
    typeof value.call === "function";
}
