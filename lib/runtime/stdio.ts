import { Console } from "node:console";
import process from "node:process";
import type { App } from "../http/app.ts";

const ENCODER = new TextEncoder();

/**
 * Has the console write to stderr: stdout belongs to the protocol, and a tool that prints would
 * break it. To be called before tools are loaded, as a module may print too.
 */
export function keepStdoutForMessages(): void {
  globalThis.console = new Console(process.stderr);
}

/** Serves the client at the other end of stdin and stdout, until it or a signal ends it. */
export async function serveOverStdio(app: App): Promise<number> {
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  const signals: Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];
  for (const signal of signals) Deno.addSignalListener(signal, onSignal);
  try {
    await app.speak({ input: Deno.stdin.readable, write: writeLine, signal: stop.signal });
  } finally {
    for (const signal of signals) Deno.removeSignalListener(signal, onSignal);
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
