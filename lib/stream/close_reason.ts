/** Why a stream ended: one vocabulary for the log, metrics, the ledger and the goodbye frame. */
export const CLOSE_REASONS = [
  "client_closed",
  "write_failed",
  "ping_failed",
  "queue_full",
  "peer_lost",
  "max_age",
  "completed",
  "disconnected",
  "superseded",
  "auth_expired",
  "limit",
  "drain",
  "error",
] as const;

/** Why a stream ended. */
export type CloseReason = (typeof CLOSE_REASONS)[number];

/** Whether the client is gone, so that nobody reads any more. */
export function isClientGone(reason: CloseReason): boolean {
  return reason === "client_closed" || reason === "write_failed" || reason === "peer_lost";
}
