/**
 * `main.ts` as a process of its own.
 *
 * @module
 */
import config from "../../deno.json" with { type: "json" };

const ROOT = new URL("../../", import.meta.url);

/** The flags with which `deno task start` has Deno run `main.ts`, for a caller in any folder. */
export const START_FLAGS: readonly string[] = config.tasks.start.command
  .replace(/^deno run /, "").replace(/ main\.ts$/, "")
  .replace("--allow-read=.", `--allow-read=${ROOT.pathname}`).split(" ");

/** The flag that `deno task start:redis` gives beside these, for a caller in the project's folder. */
export const REDIS_FLAGS: readonly string[] = config.tasks["start:redis"].command.split(" ")
  .filter((flag) => flag.startsWith("--lock="));

export interface MainOptions {
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

/** How a process ended, and all it wrote. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function command(options: MainOptions): Deno.Command {
  const { cwd, reads, flags: more = [], args = [], env = {}, mayReadEnvironment = true } = options;
  const granted = START_FLAGS.filter((flag) =>
    mayReadEnvironment || !flag.startsWith("--allow-env")
  );
  const flags = reads === undefined ? granted : [
    ...granted.filter((flag) => !flag.startsWith("--allow-read")),
    `--allow-read=${reads.join()}`,
  ];
  return new Deno.Command(Deno.execPath(), {
    args: ["run", ...flags, ...more, new URL("main.ts", ROOT).pathname, ...args],
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
    const [, url = ""] = await server.until(greeting);
    server.url = url;
    return server;
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
