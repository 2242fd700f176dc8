import type { CloseReason } from "./close_reason.ts";

/** The window over which clients come back after a drain (ms): all streams end at once then. */
const DRAIN_WINDOW_MS = { min: 500, spread: 4_500 } as const;
/** The same for ends by age or credential, which are spread already. */
const ROTATION_WINDOW_MS = { min: 1, spread: 4 } as const;

/** Whether the server ends the stream by plan, and its client is expected back. */
export function isPlanned(reason: CloseReason): boolean {
  return reason === "max_age" || reason === "auth_expired" || reason === "drain";
}

/**
 * How soon a client should come back to a stream that ends, in whole ms; undefined where the end
 * was not planned.
 */
export function comeBackMs(reason: CloseReason): number | undefined {
  if (!isPlanned(reason)) return undefined;
  const { min, spread } = reason === "drain" ? DRAIN_WINDOW_MS : ROTATION_WINDOW_MS;
  return min + Math.floor(Math.random() * spread);
}
