import type { ObservedConnection } from "../base/observer.ts";
import { CLOSE_REASONS, type CloseReason } from "./close_reason.ts";
import type { StreamSnapshot } from "./snapshot.ts";

/** Why a new stream was refused. */
export const REFUSALS = [
  "draining",
  "max_connections",
  "max_per_client",
  "queue_budget",
  "heap",
  "open_rate",
  "initialize_rate",
  "flapping",
  "body_bytes",
  "body_bytes_per_client",
] as const;
/** A limit that refuses something. */
export type Refusal = (typeof REFUSALS)[number];

/** The counts, at one moment: opened = open + Σ closed. */
export interface Ledger {
  readonly opened: number;
  readonly open: number;
  /** Streams that are closed, but whose socket a stalled reader keeps the transport from freeing. */
  readonly lingering: number;
  readonly closed: Readonly<Record<CloseReason, number>>;
  readonly refused: Readonly<Record<Refusal, number>>;
  readonly queuedBytes: number;
}

/** Counts of the heartbeat since the start. */
export interface HeartbeatFigures {
  readonly sent: number;
  readonly failed: number;
  /** How much later than due the latest ping of all went out (ms). */
  readonly maxLatenessMs: number;
}

export function zeroClosed(): Record<CloseReason, number> {
  return zeroes(CLOSE_REASONS);
}

export function zeroRefused(): Record<Refusal, number> {
  return zeroes(REFUSALS);
}

/** A stream that has ended, for those who watch. */
export function closedEvent(ended: StreamSnapshot, reason: CloseReason): ObservedConnection {
  const { id, dialect, client: { address, userAgent }, ageMs, sentBytes } = ended;
  return { id, dialect, address, userAgent, reason, ageMs, sentBytes };
}

function zeroes<K extends string>(keys: readonly K[]): Record<K, number> {
  return Object.fromEntries(keys.map((key) => [key, 0])) as Record<K, number>;
}
