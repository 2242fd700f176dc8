import type { Log } from "./log.ts";

/** Least time between two lines of one subject (ms). */
const LOG_INTERVAL_MS = 10_000;

/** Decides which of many equal events get a log line. */
export class Throttle {
  readonly #loggedAt = new Map<string, number>();
  readonly #unlogged = new Map<string, number>();

  /**
   * Counts an event.
   *
   * @param subject one of a fixed set
   * @param now in ms
   * @returns the events since the last line, this one included, when a line is due; else undefined
   */
  count(subject: string, now: number): number | undefined {
    const events = (this.#unlogged.get(subject) ?? 0) + 1;
    const isDue = now - (this.#loggedAt.get(subject) ?? -Infinity) >= LOG_INTERVAL_MS;
    this.#unlogged.set(subject, isDue ? 0 : events);
    if (!isDue) return undefined;
    this.#loggedAt.set(subject, now);
    return events;
  }
}

/** Warns the operator that a limit refuses requests, without a line for each request. */
export class ThrottledWarning {
  readonly #log: Log;
  readonly #throttle = new Throttle();

  constructor(log: Log) {
    this.#log = log;
  }

  /**
   * @param limit one of a fixed set
   * @param now in ms
   */
  warn(limit: string, now: number): void {
    const refused = this.#throttle.count(limit, now);
    if (refused !== undefined) this.#log.warning("Refused", { limit, refused });
  }
}
