import type { Log } from "./log.ts";

/** A limit is spoken of once in this time, however often it refuses (ms). */
const LOG_INTERVAL_MS = 10_000;

/** Tells the operator that a limit refuses somebody, without a line for each of a crowd. */
export class ThrottledWarning {
  readonly #log: Log;
  readonly #saidAt = new Map<string, number>();
  readonly #unsaid = new Map<string, number>();

  constructor(log: Log) {
    this.#log = log;
  }

  /**
   * @param limit one of a fixed set
   * @param now in ms
   */
  warn(limit: string, now: number): void {
    const refused = (this.#unsaid.get(limit) ?? 0) + 1;
    const isDue = now - (this.#saidAt.get(limit) ?? -Infinity) >= LOG_INTERVAL_MS;
    this.#unsaid.set(limit, isDue ? 0 : refused);
    if (!isDue) return;
    this.#saidAt.set(limit, now);
    this.#log.warning("Refused", { limit, refused });
  }
}
