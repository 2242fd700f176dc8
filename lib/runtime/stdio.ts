import type { App } from "../http/app.ts";
import { keepStdoutForMessages, type WriteStdout } from "./stdout_guard.ts";
import type { StopSignals } from "./stop_signals.ts";

/** Serves over stdio; see {@linkcode prepareStdio}. */
export type ServeStdio = (app: App, signals: StopSignals) => Promise<number>;

/**
 * Sends to stderr whatever tools print, from now on.
 *
 * @returns serves the client at the other end of stdin and stdout, until it or a signal ends that;
 * resolves to the exit code
 */
export function prepareStdio(): ServeStdio {
  const write = keepStdoutForMessages();
  return (app, signals) => serveStdio(app, write, signals);
}

async function serveStdio(app: App, write: WriteStdout, signals: StopSignals): Promise<number> {
  const stop = new AbortController();
  void signals.first.then(() => stop.abort());
  try {
    await app.speak({ input: Deno.stdin.readable, write, signal: stop.signal });
    await app.drain(0);
  } finally {
    app.stop();
  }
  return 0;
}
