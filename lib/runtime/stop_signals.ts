import { messageOf } from "../base/errors.ts";
import { logFor } from "../base/log.ts";

const SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT"]
  : ["SIGINT", "SIGTERM", "SIGHUP"];
/** Exit codes that a shell reports for a process that a signal ended. */
const EXIT_CODE: Partial<Record<Deno.Signal, number>> = {
  SIGINT: 130,
  SIGTERM: 143,
  SIGHUP: 129,
};
const log = logFor("serve");

/**
 * The first signal starts an orderly shutdown, the second ends the process at once.
 *
 * It listens from the start, because Deno 2.9.6 as the first process of a container crashes on a
 * signal without a listener.
 */
export class StopSignals {
  readonly #first = Promise.withResolvers<Deno.Signal>();
  readonly #early = Promise.withResolvers<number>();
  readonly #handlers: (readonly [Deno.Signal, () => void])[];
  #isServing = false;
  #count = 0;

  constructor() {
    const handlers = SIGNALS.map((signal) => [signal, () => this.#take(signal)] as const);
    this.#handlers = handlers.filter(([signal, handler]) => listenFor(signal, handler));
  }

  /** Resolves with the exit code when a signal comes before the server waits for it. */
  get early(): Promise<number> {
    return this.#early.promise;
  }

  /** The first signal. Reading this makes the caller responsible for the shutdown. */
  get first(): Promise<Deno.Signal> {
    this.#isServing = true;
    return this.#first.promise;
  }

  /** Acts as if a signal had come. */
  stop(signal: Deno.Signal): void {
    this.#take(signal);
  }

  uninstall(): void {
    for (const [signal, handler] of this.#handlers.splice(0)) {
      Deno.removeSignalListener(signal, handler);
    }
  }

  #take(signal: Deno.Signal): void {
    this.#count++;
    if (this.#count > 1) Deno.exit(EXIT_CODE[signal] ?? 1);
    this.#first.resolve(signal);
    if (this.#isServing) return;
    log.info("Stopped before it served", { signal });
    this.#early.resolve(0);
  }
}

/** Not every platform has every signal; one that is missing must not hide the others. */
function listenFor(signal: Deno.Signal, handler: () => void): boolean {
  try {
    Deno.addSignalListener(signal, handler);
    return true;
  } catch (error) {
    log.warning("Signal cannot be listened for", { signal, error: messageOf(error) });
    return false;
  }
}
