/** Tools that write to stdout, which belongs to the protocol. */
import nodeConsole, { Console } from "node:console";
import process from "node:process";
import { defineTool } from "../../../lib/mod.ts";

// deno-lint-ignore no-console -- a module may print, too
console.log("NOISE loading");

/** Prints in every way where it must not. */
export const noisy = defineTool({
  name: "noisy",
  description: "Prints while it runs",
  run: async () => {
    const { log, info, debug, table } = console;
    for (const print of [log, info, debug, table]) print("NOISE console");
    nodeConsole.log("NOISE node:console");
    new Console(process.stdout).log("NOISE Console(process.stdout)");
    process.stdout.write("NOISE process.stdout\n");
    const line = new TextEncoder().encode("NOISE Deno.stdout\n");
    Deno.stdout.writeSync(line);
    await Deno.stdout.write(line);
    const writer = Deno.stdout.writable.getWriter();
    await writer.write(line);
    writer.releaseLock();
    return await askWorker("hello");
  },
});

/** The answer of a worker to a message sent before it began to listen. */
async function askWorker(text: string): Promise<string> {
  const worker = new Worker(new URL("./noisy_worker.ts", import.meta.url), { type: "module" });
  const { promise, resolve } = Promise.withResolvers<string>();
  worker.onmessage = ({ data }) => resolve(data);
  worker.postMessage(text);
  try {
    return await promise;
  } finally {
    worker.terminate();
  }
}
