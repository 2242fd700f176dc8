import { Console } from "node:console";
import process from "node:process";
import type { App } from "../http/app.ts";
import type { StopSignals } from "./stop_signals.ts";

const ENCODER = new TextEncoder();

/**
 * Has the console write to stderr: stdout belongs to the protocol, and a tool that prints would
 * break it. To be called before tools are loaded, as a module may print too.
 */
export function keepStdoutForMessages(): void {
  globalThis.console = new Console(process.stderr);
}

/** Serves the client at the other end of stdin and stdout, until it or a signal ends it. */
export async function serveOverStdio(app: App, signals: StopSignals): Promise<number> {
  const stop = new AbortController();
  void signals.first.then(() => stop.abort());
  try {
    await app.speak({ input: Deno.stdin.readable, write: writeLine, signal: stop.signal });
  } finally {
    app.stop();
  }
  return 0;
}

async function writeLine(line: string): Promise<void> {
  const bytes = ENCODER.encode(line);
  for (let done = 0; done < bytes.length;) {
    done += await Deno.stdout.write(bytes.subarray(done));
  }
}
