import { LruMap } from "../../base/lru_map.ts";

/** A stream that lived shorter than this and served nothing was a flap (ms). */
const FLAP_MS = 5_000;
/** One flap is forgiven in this time (ms). */
const FORGIVE_MS = 10_000;
/** Flaps from which a client is asked to wait longer each time. */
const SLOW_FROM = 5;
/** Longest time it is asked to wait (ms). */
const MAX_RETRY_MS = 60_000;

interface Score {
  flaps: number;
  at: number;
}

/** A stream that has ended without an answer. */
export interface EndedStream {
  readonly client: string;
  readonly ageMs: number;
}

/**
 * Finds clients that open and lose streams again and again without using them. Such a client gets a
 * longer `retry:` each time, and is refused if it does not wait.
 */
export class FlapDetector {
  readonly #maxFlaps: number;
  readonly #scores: LruMap<string, Score>;

  constructor(maxFlaps: number, maxClients: number) {
    this.#maxFlaps = maxFlaps;
    this.#scores = new LruMap(maxClients);
  }

  /** Takes note of a stream that its client lost. */
  record({ client, ageMs }: EndedStream, now: number): void {
    if (ageMs >= FLAP_MS) return;
    this.#scores.set(client, { flaps: this.#flapsOf(client, now) + 1, at: now });
  }

  /** Whether a client may not open a stream now. */
  shouldRefuse(client: string, now: number): boolean {
    return this.#flapsOf(client, now) >= this.#maxFlaps;
  }

  /** Reconnection delay for a client (ms); undefined if it needs none. */
  retryMs(client: string, now: number): number | undefined {
    const flaps = Math.floor(this.#flapsOf(client, now));
    if (flaps < SLOW_FROM) return undefined;
    return Math.min(MAX_RETRY_MS, 1_000 * 2 ** (flaps - SLOW_FROM));
  }

  #flapsOf(client: string, now: number): number {
    const score = this.#scores.get(client);
    return score === undefined ? 0 : Math.max(0, score.flaps - (now - score.at) / FORGIVE_MS);
  }
}
