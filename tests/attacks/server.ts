/**
 * The attacked server: a process with a small heap, and its memory as the kernel counts it.
 *
 * @module
 */
import { ServerProcess } from "../closure/server.ts";

/** Heap of the server (MiB). */
export const HEAP_MIB = 512;

const ROOT = new URL("../../", import.meta.url).pathname;

/** Starts a server with all limits at their defaults, unless an attack says otherwise. */
export function startServer(
  settings: Readonly<Record<string, string | number>> = {},
): Promise<ServerProcess> {
  return ServerProcess.start({
    abort: "no-legacy",
    settings: {
      DENO_V8_FLAGS: `--max-old-space-size=${HEAP_MIB}`,
      MCP_TOOLS: `${ROOT}tests/attacks/tools.ts`,
      MCP_STREAM_OPENS_PER_SECOND: "",
      MCP_MAX_FLAPS: "",
      // Attackers and the honest client have one address, and most attacks are made of calls.
      MCP_CALLS_PER_SECOND: "1000000",
      MCP_CALLS_BURST: "1000000",
      MCP_LOG_LEVEL: "warning",
      ...settings,
    },
  });
}

/** Interval of the memory readings during an attack, in case the process dies (ms). */
const LOOK_MS = 500;

/** The highest resident memory of a process, as the kernel records it. */
export class MemoryGauge implements Disposable {
  /** In bytes. */
  peak = 0;
  readonly #pid: number;
  readonly #looking: ReturnType<typeof setInterval>;

  constructor(pid: number) {
    this.#pid = pid;
    this.#looking = setInterval(() => void this.read(), LOOK_MS);
  }

  async read(): Promise<void> {
    const { stdout } = await new Deno.Command("cat", {
      args: [`/proc/${this.#pid}/status`],
      stderr: "null",
    }).output();
    const kib = /^VmHWM:\s*(\d+) kB/m.exec(new TextDecoder().decode(stdout))?.[1] ?? 0;
    this.peak = Math.max(this.peak, Number(kib) * 1024);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#looking);
  }
}
