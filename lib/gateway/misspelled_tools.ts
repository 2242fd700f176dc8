import { logFor } from "../base/log.ts";
import { nearestOf } from "../base/nearest.ts";
import type { Selection } from "./features.ts";

const log = logFor("gateway");

/**
 * Logs a warning for each tool in the rules of the file that the server does not have, if it has
 * one with nearly that name: the rule does nothing.
 *
 * @param tools the names of all its tools
 */
export function warnOfMisspelledTools(
  server: string,
  { allow = [], block, toolScopes }: Pick<Selection, "allow" | "block" | "toolScopes">,
  tools: readonly string[],
): void {
  const named = new Set([...allow, ...block, ...Object.keys(toolScopes)]);
  for (const tool of [...named].filter((one) => !tools.includes(one))) {
    const nearest = nearestOf(tool, tools);
    if (nearest === undefined) continue;
    const hint = `did you mean ${nearest}?`;
    log.warning("Rule for a tool that the server does not have", { server, tool, hint });
  }
}
