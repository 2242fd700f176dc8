/**
 * A process under test: it tells in lines on one of its outputs, and is killed at the end of its
 * block whatever happens.
 *
 * @module
 */
import { readLines } from "./lines.ts";

/** A line of a process; `json` is empty where the line is not a JSON object. */
export interface Line {
  readonly text: string;
  // deno-lint-ignore no-explicit-any -- a test looks into whatever came
  readonly json: Readonly<Record<string, any>>;
}

/** How a process ended. */
export interface Exit {
  readonly code: number;
  readonly signal: Deno.Signal | null;
  /** When, in ms since 1970. */
  readonly at: number;
}

/** How to start a process. */
export interface ChildOptions {
  /** The program to start; default: `deno`. */
  readonly program?: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Most file descriptors that it may have (those of this process). */
  readonly maxOpenFiles?: number | undefined;
  /** The output that is read; the other one is dropped. */
  readonly reads: "stdout" | "stderr";
}

interface Waiter {
  readonly isWanted: (line: Line) => boolean;
  readonly resolve: (line: Line) => void;
}

/** Longest wait for a line (ms); reaching it means that the process is stuck. */
const LINE_MS = 60_000;
const ENCODER = new TextEncoder();

export class Child implements AsyncDisposable {
  readonly lines: Line[] = [];
  /** Settles when it has ended and all its lines are here. */
  readonly exit: Promise<Exit>;
  readonly #process: Deno.ChildProcess;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reading: Promise<void>;
  readonly #waiters = new Set<Waiter>();
  #hasExited = false;

  constructor(
    { program: started = Deno.execPath(), args, env = {}, maxOpenFiles, reads }: ChildOptions,
  ) {
    const command = [started, ...args];
    const [program, ...rest] = maxOpenFiles === undefined
      ? command
      : ["sh", "-c", `ulimit -n ${maxOpenFiles}; exec "$0" "$@"`, ...command];
    this.#process = new Deno.Command(program!, {
      args: rest,
      env,
      stdin: "piped",
      stdout: reads === "stdout" ? "piped" : "null",
      stderr: reads === "stderr" ? "piped" : "inherit",
    }).spawn();
    this.#stdin = this.#process.stdin.getWriter();
    this.#reading = this.#read(this.#process[reads]);
    this.exit = this.#process.status.then(async ({ code, signal }) => {
      this.#hasExited = true;
      const exit = { code, signal, at: Date.now() };
      await this.#reading;
      return exit;
    });
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** The first line that `isWanted` accepts, whether it has arrived or is still to come. */
  line(what: string, isWanted: (line: Line) => boolean, withinMs = LINE_MS): Promise<Line> {
    const known = this.lines.find(isWanted);
    if (known !== undefined) return Promise.resolve(known);
    const { promise, resolve, reject } = Promise.withResolvers<Line>();
    const waiter = { isWanted, resolve };
    this.#waiters.add(waiter);
    const timer = setTimeout(
      () => reject(new Error(`No ${what} within ${withinMs} ms; the last lines:\n${this.#tail()}`)),
      withinMs,
    );
    return promise.finally(() => {
      clearTimeout(timer);
      this.#waiters.delete(waiter);
    });
  }

  /** Writes a line to its stdin. */
  async say(line: string): Promise<void> {
    await this.#stdin.write(ENCODER.encode(`${line}\n`));
  }

  /** Sends a signal; returns when, in ms since 1970. */
  kill(signal: Deno.Signal): number {
    const at = Date.now();
    this.#process.kill(signal);
    return at;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#hasExited) this.#process.kill("SIGKILL");
    await this.exit;
    await this.#stdin.close().catch(() => {});
    await this.#reading;
  }

  async #read(output: ReadableStream<Uint8Array>): Promise<void> {
    for await (const text of readLines(output)) {
      const line = { text, json: parseObject(text) };
      this.lines.push(line);
      for (const { isWanted, resolve } of this.#waiters) {
        if (isWanted(line)) resolve(line);
      }
    }
  }

  #tail(): string {
    return this.lines.slice(-5).map(({ text }) => `  ${text}`).join("\n");
  }
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
