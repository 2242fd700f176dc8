/**
 * The app on a socket, and its end: signals, drain, exit.
 *
 * @module
 */
import { messageOf } from "../base/errors.ts";
import { logFor } from "../base/log.ts";
import { within } from "../base/promises.ts";
import type { App } from "../http/app.ts";
import { Listening, type ListenOptions } from "./listening.ts";
import { TcpProbe } from "./tcp_probe.ts";

/** Where and how to serve. */
export interface ServeOptions extends ListenOptions {
  /** Time for all to end once a signal came (ms). */
  readonly drainMs: number;
  /** How often to look for half-open peers (ms), if at all. */
  readonly probeMs?: number | undefined;
}

const SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT"]
  : ["SIGINT", "SIGTERM"];
/** What a shell reports for a process that a signal ended. */
const EXIT_CODE: Partial<Record<Deno.Signal, number>> = {
  SIGINT: 130,
  SIGTERM: 143,
};
/** At most so much of the budget is kept for sockets to close once all streams are (ms). */
const SHUTDOWN_MS = 500;
const log = logFor("serve");

/**
 * Serves until a signal comes, then drains.
 *
 * @returns the exit code: 0, whether calls had to be cut or not
 * @throws {ConfigError} when the address cannot be listened on
 */
export async function serve(app: App, options: ServeOptions): Promise<number> {
  const signals = new StopSignals();
  const listening = new Listening(app, options);
  const probe = startProbe(app, listening.port, options);
  try {
    const signal = await signals.first;
    log.info("Stopping", {
      signal,
      open: app.connections.size,
      drain_ms: options.drainMs,
    });
    // All of it fits in the budget, as a platform that ends the process does not wait.
    const shutdownMs = Math.min(SHUTDOWN_MS, options.drainMs / 10);
    const outcome = await app.drain(options.drainMs - shutdownMs);
    await within(shutdownMs, listening.stop());
    log.info("Stopped", { ...outcome });
    return 0;
  } finally {
    probe?.stop();
    signals.forget();
    app.stop();
  }
}

function startProbe(
  { connections }: App,
  port: number,
  { probeMs }: ServeOptions,
): TcpProbe | undefined {
  if (probeMs === undefined) return undefined;
  const probe = new TcpProbe({
    port,
    intervalMs: probeMs,
    onLost: (sockets) => connections.losePeers(sockets),
  });
  probe.start();
  return probe;
}

/** The first signal asks for a drain, the second ends the process at once. */
class StopSignals {
  readonly first: Promise<Deno.Signal>;
  readonly #handlers: (readonly [Deno.Signal, () => void])[];

  constructor() {
    const { promise, resolve } = Promise.withResolvers<Deno.Signal>();
    this.first = promise;
    let count = 0;
    const handlers = SIGNALS.map((signal) =>
      [signal, () => {
        count++;
        if (count === 1) resolve(signal);
        else Deno.exit(EXIT_CODE[signal] ?? 1);
      }] as const
    );
    this.#handlers = handlers.filter(([signal, handler]) => listenFor(signal, handler));
  }

  forget(): void {
    for (const [signal, handler] of this.#handlers) {
      Deno.removeSignalListener(signal, handler);
    }
  }
}

/** Not every platform has every signal; the others still do. */
function listenFor(signal: Deno.Signal, handler: () => void): boolean {
  try {
    Deno.addSignalListener(signal, handler);
    return true;
  } catch (error) {
    log.warning("Signal cannot be listened for", { signal, error: messageOf(error) });
    return false;
  }
}
