import { messageOf } from "../base/errors.ts";
import { logFor } from "../base/log.ts";
import { NO_OBSERVER, type Observer } from "../base/observer.ts";

const log = logFor("runtime");

/** A tool that forgets an `await`, or throws in a timer, must not end the process for everybody else. */
export class Rejections {
  /** Counts them, once there is an app. */
  observer: Observer = NO_OBSERVER;
  readonly #onRejection = (event: PromiseRejectionEvent): void => {
    event.preventDefault();
    this.observer.unhandledRejection();
    log.error("Unhandled rejection", { error: messageOf(event.reason) });
  };

  readonly #onError = (event: ErrorEvent): void => {
    event.preventDefault();
    log.error("Uncaught error", { error: messageOf(event.error) });
  };

  /** Logs and survives them from now on. */
  survive(): void {
    globalThis.addEventListener("error", this.#onError);
    globalThis.addEventListener("unhandledrejection", this.#onRejection);
  }

  /** Leaves them to the runtime again. */
  forget(): void {
    globalThis.removeEventListener("error", this.#onError);
    globalThis.removeEventListener("unhandledrejection", this.#onRejection);
  }
}
