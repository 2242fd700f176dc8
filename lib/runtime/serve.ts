/**
 * The app on a socket, and its end: signals, drain, exit.
 *
 * @module
 */
import { logFor } from "../base/log.ts";
import { settlesWithin } from "../base/promises.ts";
import type { App } from "../http/app.ts";
import { listenWithDeno } from "./listen/deno_listener.ts";
import type { Listen, ListenOptions } from "./listen/listener.ts";
import { StopSignals } from "./stop_signals.ts";
import type { TcpProbe } from "./half_open/tcp_probe.ts";

/** Options of serving. */
export interface ServeOptions extends ListenOptions {
  /** Time for all to end once a signal came (ms). */
  readonly drainMs: number;
  /** The listener; default: `Deno.serve`. */
  readonly listen?: Listen | undefined;
  /** Time between two probes for half-open peers (ms); undefined for none. */
  readonly probeMs?: number | undefined;
  /** Called once requests are served. */
  readonly onServing?: () => void;
  /** Ask for the end; those that come from now on, unless they were listened for before. */
  readonly signals?: StopSignals;
}

/** Most of the budget that is kept for sockets to close after the last stream (ms). */
const SHUTDOWN_MS = 500;
const log = logFor("serve");

/**
 * Serves until a signal comes, then drains.
 *
 * @returns the exit code: 0, whether calls had to be cut or not
 * @throws {ConfigError} when the app cannot start, or the address cannot be listened on
 */
export async function serve(app: App, options: ServeOptions): Promise<number> {
  const { signals = new StopSignals(), listen = listenWithDeno } = options;
  let probe: TcpProbe | undefined;
  try {
    await app.start();
    const listener = await listen(app, options);
    probe = await startProbe(app, listener.port, options);
    options.onServing?.();
    await drainAfterSignal(app, { signals, drainMs: options.drainMs, stop: () => listener.stop() });
    return 0;
  } finally {
    probe?.stop();
    signals.uninstall();
    app.stop();
  }
}

/** What a drain needs besides the app. */
export interface DrainAfterSignal {
  readonly signals: Pick<StopSignals, "first">;
  /** Time for all to end once a signal came (ms). */
  readonly drainMs: number;
  /** Takes no more connections; settles when those there are have ended. */
  readonly stop: () => Promise<unknown>;
}

/** Waits for a signal, then drains an app and has its sockets close. */
export async function drainAfterSignal(
  app: App,
  { signals, drainMs, stop }: DrainAfterSignal,
): Promise<void> {
  const signal = await signals.first;
  log.info("Stopping", { signal, open: app.connections.size, drain_ms: drainMs });
  // Everything must fit in the budget, because a platform that ends the process does not wait.
  const shutdownMs = Math.min(SHUTDOWN_MS, drainMs / 10);
  // A refused connection has a proxy try another instance at once; a refusal with 503 may not.
  const stopped = app.isOneOfSeveral ? stop() : undefined;
  const outcome = await app.drain(drainMs - shutdownMs);
  await settlesWithin(shutdownMs, stopped ?? stop());
  log.info("Stopped", { ...outcome });
}

/** Starts the probe, which is loaded only if it is on. */
async function startProbe(
  { connections }: App,
  port: number,
  { probeMs }: ServeOptions,
): Promise<TcpProbe | undefined> {
  if (probeMs === undefined) return undefined;
  const { TcpProbe } = await import("./half_open/tcp_probe.ts");
  const probe = new TcpProbe({
    port,
    intervalMs: probeMs,
    onLost: (sockets) => connections.closeByPeer(sockets),
  });
  probe.start();
  return probe;
}
