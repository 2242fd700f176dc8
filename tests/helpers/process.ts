/**
 * `main.ts` as a process of its own.
 *
 * @module
 */
import config from "../../deno.json" with { type: "json" };
import { OPERATOR_HEADERS, OPERATOR_TOKEN } from "./operator.ts";

const ROOT = new URL("../../", import.meta.url);

/** The flags with which `deno task start` has Deno run `main.ts`, for a caller in any folder. */
export const START_FLAGS: readonly string[] = config.tasks.start.command
  .replace(/^deno run /, "").replace(/ main\.ts$/, "")
  .replace("--allow-read=.", `--allow-read=${ROOT.pathname}`).split(" ");

/** The flag that `deno task start:redis` gives beside these, for a caller in the project's folder. */
export const REDIS_FLAGS: readonly string[] = config.tasks["start:redis"].command.split(" ")
  .filter((flag) => flag.startsWith("--lock="));

/** Time for a server to greet (ms); one that needs longer is ended. */
const GREETING_MS = 60_000;

export interface MainOptions {
  /** The program in place of `main.ts`, by its path in the project. */
  readonly script?: string | undefined;
  /** Its working directory; default: the project's folder. */
  readonly cwd?: string;
  /** Files and folders that it may read; default: those of `deno task start`. */
  readonly reads?: readonly string[];
  /** Further flags of Deno, such as a permission. */
  readonly flags?: readonly string[];
  /** Flags of `main.ts`. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Whether it may read the environment, as with `deno task start`; default: true. */
  readonly mayReadEnvironment?: boolean;
}

/** Parts of `GET /mcp/connections` that tests read. */
export interface LedgerReport {
  readonly opened: number;
  readonly open: number;
  readonly closed: Readonly<Record<string, number>>;
  readonly connections: readonly { readonly requests_in_flight: number }[];
}

/** How a process ended, and all it wrote. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function command(options: MainOptions): Deno.Command {
  const { cwd, reads, flags: more = [], args = [], env = {}, mayReadEnvironment = true } = options;
  const { script = "main.ts" } = options;
  const granted = START_FLAGS.filter((flag) =>
    mayReadEnvironment || !flag.startsWith("--allow-env")
  );
  const flags = reads === undefined ? granted : [
    ...granted.filter((flag) => !flag.startsWith("--allow-read")),
    `--allow-read=${reads.join()}`,
  ];
  return new Deno.Command(Deno.execPath(), {
    args: ["run", ...flags, ...more, new URL(script, ROOT).pathname, ...args],
    cwd: cwd ?? ROOT,
    env: { ...env, NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

/** Runs `main.ts` until it ends by itself. */
export async function runMain(options: MainOptions): Promise<Ended> {
  const { code, stdout, stderr } = await command(options).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** A serving `main.ts`: `await using server = await ServerProcess.start({…})`. */
export class ServerProcess implements AsyncDisposable {
  /** Its URL, for example `http://localhost:40123`. */
  url = "";
  stderr = "";
  readonly #child: Deno.ChildProcess;
  readonly #reading: Promise<void>;
  #onText: (() => void) | undefined;
  #isOver = false;

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#reading = this.#read();
  }

  /**
   * Starts it on a free port, and waits until it greets.
   *
   * @param greeting finds its URL in its output
   */
  static async start(
    { args = [], ...options }: MainOptions = {},
    greeting = /Endpoint +(http\S+)\/mcp\/sse\n/,
  ): Promise<ServerProcess> {
    const child = command({ ...options, args: ["--port=0", ...args] }).spawn();
    const server = new ServerProcess(child);
    const timer = setTimeout(() => child.kill("SIGKILL"), GREETING_MS);
    const [, url = ""] = await server.until(greeting).finally(() => clearTimeout(timer));
    server.url = url;
    return server;
  }

  /** Starts one whose operator is the test, for {@linkcode look} and {@linkcode ledger}. */
  static startOperated(
    { env = {}, ...options }: MainOptions = {},
    greeting?: RegExp,
  ): Promise<ServerProcess> {
    const withToken = { MCP_ADMIN_TOKEN: OPERATOR_TOKEN, ...env };
    return ServerProcess.start({ ...options, env: withToken }, greeting);
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** Its URL by address, for example `http://127.0.0.1:40123`. */
  get base(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Reads a path as the operator. */
  async look(path: string): Promise<string> {
    const response = await fetch(`${this.base}${path}`, { headers: OPERATOR_HEADERS });
    return await response.text();
  }

  /** The ledger, as the operator reads it. */
  async ledger(): Promise<LedgerReport> {
    return JSON.parse(await this.look("/mcp/connections"));
  }

  /** Waits until stderr holds such a text; fails when the process ends before. */
  async until(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.stderr);
      if (match !== null) return match;
      if (this.#isOver) throw new Error(`Server ended without ${pattern}: ${this.stderr}`);
      await new Promise<void>((resolve) => this.#onText = resolve);
    }
  }

  /** Sends it a signal that does not end it. */
  signal(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** Asks it to end, and gives its exit code. */
  async stop(signal: Deno.Signal = "SIGTERM"): Promise<number> {
    if (!this.#isOver) this.#child.kill(signal);
    const { code } = await this.#child.status;
    await this.#reading;
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop("SIGKILL");
    await this.#child.stdout.cancel().catch(() => {});
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    for await (const bytes of this.#child.stderr) {
      this.stderr += decoder.decode(bytes, { stream: true });
      this.#onText?.();
    }
    this.#isOver = true;
    this.#onText?.();
  }
}
