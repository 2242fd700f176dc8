import { messageOf } from "../base/errors.ts";
import { logFor } from "../base/log.ts";
import { NO_OBSERVER, type Observer } from "../base/observer.ts";

const log = logFor("runtime");

/** A tool that forgets an `await` must not end the process for everybody else. */
export class Rejections {
  /** Counts them, once there is an app. */
  observer: Observer = NO_OBSERVER;
  readonly #onRejection = (event: PromiseRejectionEvent): void => {
    event.preventDefault();
    this.observer.unhandledRejection();
    log.error("Unhandled rejection", { error: messageOf(event.reason) });
  };

  /** Logs and survives them from now on. */
  survive(): void {
    globalThis.addEventListener("unhandledrejection", this.#onRejection);
  }

  /** Leaves them to the runtime again. */
  forget(): void {
    globalThis.removeEventListener("unhandledrejection", this.#onRejection);
  }
}
