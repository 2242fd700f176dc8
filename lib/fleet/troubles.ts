import { messageOf } from "../base/errors.ts";
import { logFor } from "../base/log.ts";
import { Throttle } from "../base/throttled_warning.ts";
import type { TimerWheel } from "../base/timer_wheel.ts";

const log = logFor("store");

/** Logs troubles between instances, at most one line in ten seconds for each kind. */
export class Troubles {
  readonly #wheel: TimerWheel;
  readonly #throttle = new Throttle();

  constructor(wheel: TimerWheel) {
    this.#wheel = wheel;
  }

  /** An operation of the store failed. */
  failed(operation: string, error: unknown): void {
    this.#warn("Store failed", { operation, error: messageOf(error) });
  }

  /** An instance did not answer in time. */
  silent(instance: string, operation: string): void {
    this.#warn("Instance does not answer", { operation, instance });
  }

  #warn(message: string, fields: { readonly operation: string; readonly [name: string]: string }) {
    const failures = this.#throttle.count(`${message} ${fields.operation}`, this.#wheel.now());
    if (failures !== undefined) log.warning(message, { ...fields, failures });
  }
}
