/**
 * The real server as a child process, started with the permissions of `deno task start`.
 *
 * @module
 */
import { OPERATOR_HEADERS, OPERATOR_TOKEN } from "../helpers/operator.ts";
import manifest from "../../deno.json" with { type: "json" };

const ROOT = new URL("../../", import.meta.url);
const URL_REGEXP = /Test page +http:\/\/localhost:(\d+)/;
/** Time for the server to say where it listens, and later to end. */
const PATIENCE_MS = 20_000;

/** What these tests read of `GET /mcp/connections`. */
export interface Ledger {
  readonly open: number;
  readonly closed: Readonly<Record<string, number>>;
  readonly connections: readonly { readonly requests_in_flight: number }[];
}

export class ServerProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #reading: Promise<void>;
  readonly #listening = Promise.withResolvers<number>();
  #log = "";
  #port = 0;

  private constructor(env: Record<string, string>, script: string) {
    const args = manifest.tasks.start.command.replace("main.ts", script).split(" ").slice(1);
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", ...args.slice(1)],
      cwd: ROOT,
      env: { PORT: "0", NO_COLOR: "1", MCP_ADMIN_TOKEN: OPERATOR_TOKEN, ...env },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.#reading = this.#read();
  }

  /**
   * Starts a server, on a free port unless `env` names one.
   *
   * @param script that takes the place of `main.ts`
   */
  static async start(
    env: Record<string, string> = {},
    script = "main.ts",
  ): Promise<ServerProcess> {
    const server = new ServerProcess(env, script);
    const timer = setTimeout(() => server.#child.kill("SIGKILL"), PATIENCE_MS);
    try {
      server.#port = await server.#listening.promise;
    } finally {
      clearTimeout(timer);
    }
    return server;
  }

  get port(): number {
    return this.#port;
  }

  get base(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** All that it has logged. */
  get log(): string {
    return this.#log;
  }

  /** The ledger, as the operator sees it. */
  async ledger(): Promise<Ledger> {
    return JSON.parse(await this.look("/mcp/connections"));
  }

  /** What the operator reads at a path. */
  async look(path: string): Promise<string> {
    const response = await fetch(`${this.base}${path}`, { headers: OPERATOR_HEADERS });
    return await response.text();
  }

  /** Sends a signal and waits for the end. */
  async end(signal: Deno.Signal): Promise<Deno.CommandStatus> {
    this.#child.kill(signal);
    return await this.#ended();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGTERM");
    } catch {
      // It has ended already.
    }
    await this.#ended();
  }

  async #ended(): Promise<Deno.CommandStatus> {
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), PATIENCE_MS);
    const status = await this.#child.status;
    clearTimeout(timer);
    await this.#reading;
    return status;
  }

  async #read(): Promise<void> {
    for await (const text of this.#child.stderr.pipeThrough(new TextDecoderStream())) {
      this.#log += text;
      const port = URL_REGEXP.exec(this.#log)?.[1];
      if (port !== undefined) this.#listening.resolve(Number(port));
    }
    this.#listening.reject(new Error(`Server ended before it listened:\n${this.#log}`));
    this.#listening.promise.catch(() => {});
  }
}
