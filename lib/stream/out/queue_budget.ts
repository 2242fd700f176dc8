import type { FinalFlush } from "./final_flush.ts";

/** Something with bytes that wait for a reader. */
export interface Queue {
  readonly queuedBytes: number;
  /** Updates the total by the bytes that its reader has taken. */
  syncCount(): void;
  close(reason: "queue_full"): void;
}

/** The bytes that wait for all readers together, and their limit. */
export class QueueBudget {
  /** Final flushes of ended streams. */
  readonly finalFlushes: Set<FinalFlush> = new Set();
  readonly #maxBytes: number;
  readonly #streams: () => Iterable<Queue>;
  #bytes = 0;

  /** @param streams all open ones */
  constructor(maxBytes: number, streams: () => Iterable<Queue>) {
    this.#maxBytes = maxBytes;
    this.#streams = streams;
  }

  /** An upper bound of the waiting bytes, because readers take bytes without notice. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds to the count of waiting bytes; negative for bytes that are gone. */
  add(delta: number): void {
    this.#bytes += delta;
  }

  /** Asks all streams what waits, so that the total is right. */
  syncCount(): void {
    for (const queue of this.#streams()) queue.syncCount();
    for (const queue of this.finalFlushes) queue.syncCount();
  }

  /** The waiting bytes; exact if the budget may be exceeded. */
  syncIfFull(): number {
    if (this.#bytes >= this.#maxBytes) this.syncCount();
    return this.#bytes;
  }

  /** Over the limit the greediest goes, and the next, until there is room. */
  enforceTotalBudget(): void {
    if (this.#bytes > this.#maxBytes) this.syncCount();
    while (this.#bytes > this.#maxBytes) {
      const greediest = this.#greediest();
      if (greediest === undefined) return;
      greediest.close("queue_full");
    }
  }

  #greediest(): Queue | undefined {
    let greediest: Queue | undefined;
    for (const queues of [this.#streams(), this.finalFlushes]) {
      for (const queue of queues) {
        if (queue.queuedBytes > (greediest?.queuedBytes ?? 0)) greediest = queue;
      }
    }
    return greediest;
  }
}
