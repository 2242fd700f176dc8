/**
 * The end of an app that another server serves, such as `deno serve` or a framework.
 *
 * @module
 */
import { messageOf } from "../base/errors.ts";
import { logFor } from "../base/log.ts";
import type { App } from "../http/app.ts";
import { drainAfterSignal } from "./serve.ts";
import { StopSignals } from "./stop_signals.ts";

/** Time between two checks of the unwritten bytes (ms). */
const LOOK_MS = 10;
const log = logFor("serve");

/**
 * Drains an app after a signal. It does not start the app, because a build imports modules, too.
 *
 * @param shutdown stops the server; default: only waits until the app's streams are written
 * @param signals default: those that come from now on
 */
export async function drainHosted(
  app: App,
  shutdown: (() => unknown) | undefined,
  signals: StopSignals = new StopSignals(),
): Promise<void> {
  const { MCP_DRAIN_MS: drainMs } = app.settings;
  const over = new AbortController();
  const stop = shutdown === undefined
    ? () => whenWritten(app, over.signal)
    : () => shutDown(shutdown);
  try {
    await drainAfterSignal(app, { signals, drainMs, stop });
  } finally {
    over.abort();
    signals.uninstall();
    app.stop();
  }
}

/** Stops the server. A failure is logged and holds nothing up, because the process ends anyway. */
async function shutDown(shutdown: () => unknown): Promise<void> {
  try {
    await shutdown();
  } catch (error) {
    log.error("shutdown() of drainOnSignal() failed", { error: messageOf(error) });
  }
}

/**
 * Resolves when the app's streams have ended, and their readers have all bytes or are gone.
 *
 * @param over aborts when nobody waits any more
 */
async function whenWritten({ connections }: App, over: AbortSignal): Promise<void> {
  const isWritten = () => {
    const { open, lingering, queuedBytes } = connections.ledger();
    return open === 0 && lingering === 0 && queuedBytes === 0;
  };
  if (isWritten()) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setInterval(() => {
    if (isWritten()) resolve();
  }, LOOK_MS);
  over.addEventListener("abort", () => resolve(), { once: true });
  await promise;
  clearInterval(timer);
}
