import { addressKey } from "../base/address.ts";
import type { ClientState } from "../mcp/session/client_state.ts";
import type { Caller } from "../registry/context.ts";

/**
 * The clients that share a process: those that cannot be asked, all, or those without a session
 * only.
 */
export const SHARES = ["auto", "always", "never"] as const;
export type Share = (typeof SHARES)[number];

/** The key by which limits count the caller of a request: its principal, or else its address. */
export function clientOf({ principal, address }: Pick<Caller, "principal" | "address">): string {
  return principal ?? addressKey(address);
}

/** Whether a server may ask a client. */
export function canBeAsked(
  { capabilities: { elicitation, roots, sampling } }: Pick<ClientState, "capabilities">,
): boolean {
  return elicitation !== undefined || roots !== undefined || sampling !== undefined;
}

/** The policy of several servers together: `never` if one says so, `always` if all do. */
export function sharedPolicy(policies: readonly Share[]): Share {
  if (policies.includes("never")) return "never";
  return policies.every((policy) => policy === "always") ? "always" : "auto";
}
