import { messageOf, stackOf } from "../base/errors.ts";
import { logFor } from "../base/log.ts";
import type { RuntimeObserver } from "../base/observer.ts";

const log = logFor("runtime");

/** The place where it was thrown, because no caller reports it. */
function placeOf(thrown: unknown): string | undefined {
  try {
    return thrown instanceof Error ? /^ +at (.+)$/m.exec(thrown.stack ?? "")?.[1] : undefined;
  } catch {
    return undefined;
  }
}

/** Keeps the process alive when a tool forgets an `await` or throws in a timer. */
export class UncaughtErrors {
  /** Counts these errors, once there is an app. */
  observer: Omit<RuntimeObserver, "loopDelayed"> | undefined;
  readonly #onRejection = (event: PromiseRejectionEvent): void => {
    event.preventDefault();
    this.observer?.unhandledRejection();
    const { reason } = event;
    log.error("Unhandled rejection", {
      error: messageOf(reason),
      at: placeOf(reason),
      stack: stackOf(reason),
    });
  };

  readonly #onError = (event: ErrorEvent): void => {
    event.preventDefault();
    this.observer?.uncaughtError();
    // An error from a worker comes without the error object.
    const error = event.error === null ? event.message : messageOf(event.error);
    log.error("Uncaught error", { error, at: placeOf(event.error), stack: stackOf(event.error) });
  };

  /** Logs and survives such errors from now on. */
  install(): void {
    globalThis.addEventListener("error", this.#onError);
    globalThis.addEventListener("unhandledrejection", this.#onRejection);
  }

  /** Leaves them to the runtime again. */
  uninstall(): void {
    globalThis.removeEventListener("error", this.#onError);
    globalThis.removeEventListener("unhandledrejection", this.#onRejection);
  }
}
