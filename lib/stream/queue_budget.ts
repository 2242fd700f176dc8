import type { LastBytes } from "./last_bytes.ts";

/** Something with bytes that wait for a reader. */
export interface Queue {
  readonly queuedBytes: number;
  /** Brings the total up to date with what its reader has taken. */
  recount(): void;
  close(reason: "queue_full"): void;
}

/** The bytes that wait for all readers together, and their limit. */
export class QueueBudget {
  /** Of streams that have ended. */
  readonly lastBytes: Set<LastBytes> = new Set();
  readonly #maxBytes: number;
  readonly #streams: () => Iterable<Queue>;
  #bytes = 0;

  /** @param streams all open ones */
  constructor(maxBytes: number, streams: () => Iterable<Queue>) {
    this.#maxBytes = maxBytes;
    this.#streams = streams;
  }

  /** What waits, and a little more: readers take bytes without telling. */
  get bytes(): number {
    return this.#bytes;
  }

  /** So many more bytes wait; negative when they went. */
  add(delta: number): void {
    this.#bytes += delta;
  }

  /** Asks all streams what waits, so that the total is right. */
  recount(): void {
    for (const queue of this.#streams()) queue.recount();
    for (const queue of this.lastBytes) queue.recount();
  }

  /** The same, where it could matter. */
  recountIfFull(): void {
    if (this.#bytes >= this.#maxBytes) this.recount();
  }

  /** Over the limit the greediest goes, and the next, until there is room. */
  enforce(): void {
    if (this.#bytes > this.#maxBytes) this.recount();
    while (this.#bytes > this.#maxBytes) {
      const greediest = this.#greediest();
      if (greediest === undefined) return;
      greediest.close("queue_full");
    }
  }

  #greediest(): Queue | undefined {
    let greediest: Queue | undefined;
    for (const queues of [this.#streams(), this.lastBytes]) {
      for (const queue of queues) {
        if (queue.queuedBytes > (greediest?.queuedBytes ?? 0)) greediest = queue;
      }
    }
    return greediest;
  }
}
