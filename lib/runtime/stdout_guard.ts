/**
 * Keeps stdout for messages: over stdio, a line that a tool prints would break the protocol.
 *
 * @module
 */
import nodeConsole, { Console } from "node:console";
import process from "node:process";

/** Writes a text to the real stdout; rejects when its reader is gone. */
export type WriteStdout = (text: string) => Promise<void>;

const ENCODER = new TextEncoder();

/**
 * Redirects further output to stderr: from a console, `Deno.stdout` or `process.stdout`, here and
 * in workers that start later. Call it before tools are loaded, because their modules may print. It
 * cannot redirect writes to file descriptor 1 by its number.
 *
 * @returns writes to the real stdout, for messages
 */
export function keepStdoutForMessages(): WriteStdout {
  const write = Deno.stdout.write.bind(Deno.stdout);
  redirect(nodeConsole, new Console(process.stderr));
  globalThis.Worker = GuardedWorker;
  return async (text) => {
    const bytes = ENCODER.encode(text);
    for (let done = 0; done < bytes.length;) done += await write(bytes.subarray(done));
  };
}

/** Uses nothing but globals, as workers are given its text. */
function redirect(nodeConsole: object, console: Console): void {
  const { stderr, stdout } = Deno;
  Object.defineProperties(stdout, {
    write: { value: (bytes: Uint8Array) => stderr.write(bytes) },
    writeSync: { value: (bytes: Uint8Array) => stderr.writeSync(bytes) },
    writable: { get: () => stderr.writable },
  });
  Object.assign(nodeConsole, console);
  globalThis.console = console;
}

/** A worker that redirects its own stdout before its module runs. */
class GuardedWorker extends Worker {
  constructor(specifier: string | URL, options?: WorkerOptions) {
    super(`data:text/javascript,${encodeURIComponent(workerCode(String(specifier)))}`, options);
  }
}

/** Messages that come before the module has been loaded are kept for its listeners. */
function workerCode(specifier: string): string {
  return `
    import nodeConsole, { Console } from "node:console";
    import process from "node:process";
    (${redirect})(nodeConsole, new Console(process.stderr));
    const early = [];
    const keep = (event) => {
      early.push(event);
      event.stopImmediatePropagation();
    };
    self.addEventListener("message", keep);
    await import(${JSON.stringify(specifier)});
    self.removeEventListener("message", keep);
    for (const { data, ports } of early) {
      self.dispatchEvent(new MessageEvent("message", { data, ports: [...ports] }));
    }`;
}
