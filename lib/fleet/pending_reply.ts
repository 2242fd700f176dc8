import { TimerEntry } from "../base/timer_wheel.ts";

/** Time for the answer of another instance (ms). */
export const ANSWER_MS = 2_000;

/** A question to another instance. */
export class PendingReply extends TimerEntry {
  readonly #waitMs: number;
  readonly #settled = Promise.withResolvers<unknown>();

  /** @param waitMs time for its answer (ms), for the message */
  constructor(waitMs: number) {
    super();
    this.#waitMs = waitMs;
  }

  get reply(): Promise<unknown> {
    return this.#settled.promise;
  }

  settle(reply: unknown): void {
    this.#settled.resolve(reply);
  }

  onDue(): void {
    this.#settled.reject(new Error(`No answer within ${this.#waitMs} ms`));
  }
}
