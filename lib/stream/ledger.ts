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
  "resident",
  "open_rate",
  "initialize_rate",
  "call_rate",
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
  /** Closed streams with a socket that the transport cannot free because the reader has stopped. */
  readonly lingering: number;
  readonly closed: Readonly<Record<CloseReason, number>>;
  readonly refused: Readonly<Record<Refusal, number>>;
  readonly queuedBytes: number;
}

/** The streams of one dialect since the start. */
export interface DialectCounts {
  opened: number;
  readonly closed: Record<CloseReason, number>;
  /** Bytes that were sent in streams that have ended. */
  sentBytes: number;
}

/**
 * Counts streams and refusals, each once: opened = open + Σ closed, at any time. Metrics and views
 * read these counts.
 */
export class StreamLedger {
  readonly #byDialect = new Map<string, DialectCounts>();
  readonly #refused = zeroes(REFUSALS);
  #open = 0;
  #lingering = 0;

  /** A stream was opened. */
  countOpened(dialect: string): void {
    this.of(dialect).opened++;
    this.#open++;
  }

  /** A stream has ended, after it sent `sentBytes`. */
  countClosed(dialect: string, reason: CloseReason, sentBytes: number): void {
    const counts = this.of(dialect);
    counts.closed[reason]++;
    counts.sentBytes += sentBytes;
    this.#open--;
  }

  /** The counts of one dialect; all are zero before its first stream. */
  of(dialect: string): DialectCounts {
    const known = this.#byDialect.get(dialect);
    if (known !== undefined) return known;
    const counts = { opened: 0, closed: zeroes(CLOSE_REASONS), sentBytes: 0 };
    this.#byDialect.set(dialect, counts);
    return counts;
  }

  /** Counts an ended stream with a socket that is still held. */
  countLingering(): void {
    this.#lingering++;
  }

  /** The socket of a stream that has ended is held no longer. */
  countReleased(): void {
    this.#lingering--;
  }

  countRefused(refusal: Refusal): void {
    this.#refused[refusal]++;
  }

  /** @param queuedBytes that wait for all readers */
  read(queuedBytes: number): Ledger {
    const closed = zeroes(CLOSE_REASONS);
    let opened = 0;
    for (const counts of this.#byDialect.values()) {
      opened += counts.opened;
      for (const reason of CLOSE_REASONS) closed[reason] += counts.closed[reason];
    }
    return {
      opened,
      open: this.#open,
      lingering: this.#lingering,
      closed,
      refused: { ...this.#refused },
      queuedBytes,
    };
  }
}

/** A stream that has ended, for those who watch. */
export function closedEvent(ended: StreamSnapshot, reason: CloseReason): ObservedConnection {
  const { id, dialect, client: { address, userAgent }, ageMs, sentBytes } = ended;
  return { id, dialect, address, userAgent, reason, ageMs, sentBytes };
}

function zeroes<K extends string>(keys: readonly K[]): Record<K, number> {
  return Object.fromEntries(keys.map((key) => [key, 0])) as Record<K, number>;
}
