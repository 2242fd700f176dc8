import type { CloseReason } from "./close_reason.ts";

/** The window over which clients come back after a drain (ms): all streams end at once then. */
const DRAIN_WINDOW_MS = { min: 500, spread: 4_500 } as const;
/** The same for credentials that expire together: their clients may have fresh ones at once. */
const EXPIRY_WINDOW_MS = { min: 1, spread: 1_999 } as const;
/** The same for ends by age, which are spread already. */
const ROTATION_WINDOW_MS = { min: 1, spread: 4 } as const;

/** Reasons for which the server ends a stream by plan. */
export type PlannedReason = "max_age" | "auth_expired" | "drain";

const WINDOWS_MS: Readonly<
  Record<PlannedReason, { readonly min: number; readonly spread: number }>
> = {
  max_age: ROTATION_WINDOW_MS,
  auth_expired: EXPIRY_WINDOW_MS,
  drain: DRAIN_WINDOW_MS,
};

/** Whether the server ends the stream by plan, and its client is expected back. */
export function isPlanned(reason: string): reason is PlannedReason {
  return Object.hasOwn(WINDOWS_MS, reason);
}

/**
 * How soon a client should come back to a stream that ends, in whole ms; undefined where the end
 * was not planned.
 */
export function comeBackMs(reason: CloseReason): number | undefined {
  if (!isPlanned(reason)) return undefined;
  const { min, spread } = WINDOWS_MS[reason];
  return min + Math.floor(Math.random() * spread);
}
