import { logFor } from "../../base/log.ts";

/** The failure is logged once in this time, however often it happens (ms). */
const LOG_INTERVAL_MS = 10_000;
const log = logFor("serve");

/** Logs that a listener cannot accept connections. */
export class AcceptFailures {
  #count = 0;
  #saidAt = -Infinity;

  /** @param error why, in words */
  note(error: string): void {
    this.#count++;
    const now = performance.now();
    if (now - this.#saidAt < LOG_INTERVAL_MS) return;
    this.#saidAt = now;
    log.error("Accepting connections failed", { error, failures: this.#count });
  }
}
