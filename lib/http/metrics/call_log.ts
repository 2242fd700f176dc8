import type { Clock } from "../../base/clock.ts";
import { logFor } from "../../base/log.ts";
import type { ObservedCall, Observer, Outcome } from "../../base/observer.ts";

const log = logFor("mcp");
/** Longest name that is logged, in characters: clients choose it. */
const MAX_NAME = 128;

/** Logs each request that ends, at `debug`. */
export class CallLog implements Partial<Observer> {
  readonly #clock: Clock;

  /** @param clock of the timer wheel, on which calls note when they begin */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  requestFinished({ request, startedAt }: ObservedCall, outcome: Outcome): void {
    if (!log.isEnabled("debug")) return;
    const name = request.params?.name ?? request.params?.uri;
    log.debug("Request finished", {
      method: request.method.slice(0, MAX_NAME),
      ...(typeof name === "string" && { name: name.slice(0, MAX_NAME) }),
      outcome,
      duration_ms: Math.round((this.#clock() - startedAt) * 10) / 10,
    });
  }
}
