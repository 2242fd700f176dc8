/**
 * The gateway as a process, in front of servers that are processes.
 *
 * @module
 */
import { settlesWithin } from "../../../lib/base/promises.ts";
import config from "../../../deno.json" with { type: "json" };

const ROOT = new URL("../../../", import.meta.url);
const HOSTILE = new URL("hostile_server.ts", import.meta.url).pathname;
/** How long a test waits for a condition (ms). */
const PATIENCE_MS = 60_000;
const ADMIN_TOKEN = "a-token-for-the-operator-alone";

/** The command of a server that misbehaves in a certain way. */
export function hostile(way: string): readonly string[] {
  return [Deno.execPath(), "run", "--quiet", "--allow-run=sleep", HOSTILE, way];
}

/** An entry of the file for a command. */
export function entryOf([command, ...args]: readonly string[], lifeline = {}): unknown {
  return { command, args, lifeline };
}

/** A gateway that serves, with everything that it has written. */
export class Gateway implements AsyncDisposable {
  url = "";
  stderr = "";
  readonly #child: Deno.ChildProcess;
  readonly #reading: Promise<void>;
  #wake = () => {};

  private constructor(args: readonly string[], env: Readonly<Record<string, string>>) {
    const [, ...flags] = config.tasks.gateway.command.split(" ");
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [...flags, "--port=0", "--mcp-log-level=debug", ...args],
      cwd: ROOT,
      env: { NO_COLOR: "1", MCP_ADMIN_TOKEN: ADMIN_TOKEN, ...env },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.#reading = this.#read();
  }

  /** Starts it in front of one command. */
  static start(...command: readonly string[]): Promise<Gateway> {
    return Gateway.#serving(new Gateway(["--", ...command], {}));
  }

  static hostile(way: string): Promise<Gateway> {
    return Gateway.start(...hostile(way));
  }

  /** Starts it with a file that it refuses. */
  static async refused(
    mcpServers: Readonly<Record<string, unknown>>,
  ): Promise<{ readonly code: number; readonly stderr: string }> {
    const path = await Deno.makeTempFile({ suffix: ".json" });
    await Deno.writeTextFile(path, JSON.stringify({ mcpServers }));
    const gateway = new Gateway([], { MCP_SERVERS: path });
    const { code } = await gateway.#child.status;
    await gateway.#reading;
    await Deno.remove(path);
    return { code, stderr: gateway.stderr };
  }

  /** Starts it in front of the servers of a file. */
  static async ofFile(
    mcpServers: Readonly<Record<string, unknown>>,
    flags: readonly string[] = [],
  ): Promise<Gateway> {
    const path = await Deno.makeTempFile({ suffix: ".json" });
    await Deno.writeTextFile(path, JSON.stringify({ mcpServers }));
    try {
      return await Gateway.#serving(new Gateway(flags, { MCP_SERVERS: path }));
    } finally {
      await Deno.remove(path);
    }
  }

  static async #serving(gateway: Gateway): Promise<Gateway> {
    const [, port = ""] = await gateway.until(/Endpoint +http\S+:(\d+)\/mcp\/sse\n/);
    gateway.url = `http://127.0.0.1:${port}`;
    return gateway;
  }

  /** Stops a gateway whose server has begun to start, and gives everything that it has written. */
  static async stoppedEarly(command: readonly string[], begun: RegExp): Promise<string> {
    const gateway = new Gateway(["--", ...command], {});
    await gateway.until(begun);
    await gateway.stop();
    return gateway.stderr;
  }

  /** The process of the gateway itself, which its launcher has started. */
  async pid(): Promise<number> {
    const args = ["-P", String(this.#child.pid)];
    const { stdout } = await new Deno.Command("pgrep", { args }).output();
    return Number(new TextDecoder().decode(stdout));
  }

  /** Kills the gateway itself, and waits for the end of its launcher. */
  async kill(): Promise<void> {
    Deno.kill(await this.pid(), "SIGKILL");
    await this.#child.status;
    await this.#reading;
  }

  /** Kills the gateway and its launcher at once. */
  async killBoth(): Promise<void> {
    const pid = await this.pid();
    this.#child.kill("SIGKILL");
    Deno.kill(pid, "SIGKILL");
    await this.#child.status;
    await this.#reading;
  }

  async until(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.stderr);
      if (match !== null) return match;
      const written = new Promise<void>((resolve) => this.#wake = resolve);
      if (await settlesWithin(PATIENCE_MS, written)) continue;
      throw new Error(`The gateway did not write ${pattern}, but:\n${this.stderr}`);
    }
  }

  // deno-lint-ignore no-explicit-any -- a test reads any answer
  async ask(message: unknown, path = "/mcp"): Promise<any> {
    const response = await fetch(`${this.url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify(message),
    });
    return await response.json();
  }

  // deno-lint-ignore no-explicit-any -- a test reads any part of it
  async view(): Promise<any> {
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
    return await (await fetch(`${this.url}/mcp/connections`, { headers })).json();
  }

  /** Restarts a child, as the operator; returns the status. */
  async restart(child: string): Promise<number> {
    const response = await fetch(`${this.url}/mcp/connections?child=${child}`, {
      method: "DELETE",
      headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
    });
    await response.body?.cancel();
    return response.status;
  }

  async metrics(): Promise<string> {
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
    return await (await fetch(`${this.url}/metrics`, { headers })).text();
  }

  /** The processes of the gateway's servers that run, as its own view lists them. */
  async childPids(): Promise<readonly number[]> {
    const { servers } = await this.view();
    return servers.flatMap(({ children }: { children: { pid?: number }[] }) =>
      children.flatMap(({ pid }) => pid ?? [])
    );
  }

  async stop(signal: Deno.Signal = "SIGTERM"): Promise<void> {
    try {
      this.#child.kill(signal);
    } catch {
      // It has ended.
    }
    await this.#child.status;
    await this.#reading;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    for await (const bytes of this.#child.stderr) {
      this.stderr += decoder.decode(bytes, { stream: true });
      this.#wake();
    }
  }
}

/** Waits until a condition holds. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!await holds()) {
    if (performance.now() > deadline) throw new Error(`Never came true: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Whether a process runs; a zombie does not. */
export async function isAlive(pid: number): Promise<boolean> {
  const { stdout } = await new Deno.Command("ps", { args: ["-o", "stat=", "-p", String(pid)] })
    .output();
  const state = new TextDecoder().decode(stdout).trim();
  return state !== "" && !state.startsWith("Z");
}

/** Open file descriptors of a process (Linux). */
export async function descriptorsOf(pid: number): Promise<number> {
  const { stdout } = await new Deno.Command("ls", { args: [`/proc/${pid}/fd`] }).output();
  return new TextDecoder().decode(stdout).trim().split("\n").length;
}
