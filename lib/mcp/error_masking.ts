import { isLoopback } from "../base/urls.ts";
import type { Settings } from "../base/settings_type.ts";
import type { RequestScope } from "./scope.ts";

/** The value of `MCP_MASK_ERRORS`. */
export type MaskErrors = "auto" | "on" | "off";

/**
 * Decides from whom the messages of errors are hidden that were not meant for a client.
 *
 * @param mode `auto` hides them where others than the operator may call: not over stdio, and not on a
 * server that only this machine can reach
 * @param isExposed whether other machines, or callers with a token, may reach the server
 */
export function errorMasking(
  mode: MaskErrors,
  isExposed: boolean,
): (scope: RequestScope) => boolean {
  if (mode === "off" || (mode === "auto" && !isExposed)) return () => false;
  return mode === "on" ? () => true : (scope) => scope.describe().transport !== "pipe";
}

/** Whether other machines may reach a server with these settings. */
export function isReachable(
  { HOST, MCP_PUBLIC_URL, MCP_TRUSTED_PROXIES }: Pick<
    Settings,
    "HOST" | "MCP_PUBLIC_URL" | "MCP_TRUSTED_PROXIES"
  >,
): boolean {
  return !isLoopback(HOST) || MCP_PUBLIC_URL !== undefined || MCP_TRUSTED_PROXIES.length > 0;
}
