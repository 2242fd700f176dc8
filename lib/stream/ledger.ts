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

/** Counts streams and refusals, each once: opened = open + Σ closed, at any time. */
export class StreamLedger {
  readonly #closed = zeroes(CLOSE_REASONS);
  readonly #refused = zeroes(REFUSALS);
  #opened = 0;
  #open = 0;
  #lingering = 0;

  /** A stream was opened. */
  countOpened(): void {
    this.#opened++;
    this.#open++;
  }

  countClosed(reason: CloseReason): void {
    this.#open--;
    this.#closed[reason]++;
  }

  /** A stream has ended whose socket is still held. */
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
    return {
      opened: this.#opened,
      open: this.#open,
      lingering: this.#lingering,
      closed: { ...this.#closed },
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
