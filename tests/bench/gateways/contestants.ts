/**
 * Gateways before the same server, each as a process with all that it starts.
 *
 * @module
 */
const ROOT = new URL("../../../", import.meta.url).pathname;
const SERVER = ["npx", "-y", "@modelcontextprotocol/server-everything@2026.8.31", "stdio"];

/** A gateway, and the command that starts it. */
export interface Contestant {
  readonly name: string;
  readonly command: (port: number) => readonly string[];
}

export const CONTESTANTS: readonly Contestant[] = [
  {
    name: "Lifeline",
    command: (port) => [
      ...["deno", "task", "gateway", `--port=${port}`, "--mcp-log-level=warning"],
      // The others have no such limits; refusals are faster than calls.
      ...["--mcp-calls-per-second=1000000", "--mcp-calls-burst=1000000", "--"],
      ...SERVER,
    ],
  },
  {
    name: "mcp-proxy 6.7.19",
    command: (port) => ["npx", "-y", "mcp-proxy@6.7.19", "--port", String(port), "--", ...SERVER],
  },
  {
    name: "supergateway 4.0.0 stateful",
    command: (port) => [
      ...["npx", "-y", "supergateway@4.0.0", "--stdio", SERVER.join(" ")],
      ...["--outputTransport", "streamableHttp", "--stateful", "--port", String(port)],
      ...["--logLevel", "none"],
    ],
  },
];

/** A gateway that runs. */
export class RunningGateway implements AsyncDisposable {
  readonly url: string;
  readonly #child: Deno.ChildProcess;

  constructor({ command }: Contestant) {
    const port = freePort();
    const [program = "", ...args] = command(port);
    this.url = `http://localhost:${port}/mcp`;
    this.#child = new Deno.Command(program, {
      ...{ args, cwd: ROOT, stdin: "null", stdout: "null", stderr: "null", detached: true },
    }).spawn();
  }

  /** Proportional memory of it and all that it started, in MB. */
  async memory(): Promise<number> {
    let sum = 0;
    for (const { pid } of await this.processes()) {
      const rollup = await Deno.readTextFile(`/proc/${pid}/smaps_rollup`).catch(() => "");
      sum += Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1] ?? 0);
    }
    return Math.round(sum / 1024);
  }

  /** Its processes, and all below them. */
  async processes(): Promise<readonly { readonly pid: number; readonly command: string }[]> {
    const { stdout } = await new Deno.Command("ps", { args: ["-eo", "pid=,ppid=,args="] }).output();
    const rows = new TextDecoder().decode(stdout).trim().split("\n")
      .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [])
      .map(([, pid, parent, command = ""]) => ({
        pid: Number(pid),
        parent: Number(parent),
        command,
      }));
    const tree = new Set([this.#child.pid]);
    for (let size = 0; size < tree.size;) {
      size = tree.size;
      for (const { pid, parent } of rows) if (tree.has(parent)) tree.add(pid);
    }
    return rows.filter(({ pid }) => tree.has(pid));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const left = await this.processes();
    kill(-this.#child.pid, "SIGTERM");
    await this.#child.status;
    for (const { pid } of left) kill(pid, "SIGKILL");
  }
}

/** Sends a signal to a process, if it still runs. */
export function kill(pid: number, signal: Deno.Signal): void {
  try {
    Deno.kill(pid, signal);
  } catch {
    // It has ended.
  }
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return (listener.addr as Deno.NetAddr).port;
}
