/**
 * A real Redis as a process of its own (apt-get install redis-server).
 *
 * @module
 */
import { freePort } from "./ports.ts";

/** A running Redis: `await using redis = await RedisProcess.start()`. */
export class RedisProcess implements AsyncDisposable {
  readonly port: number;
  #child: Deno.ChildProcess;
  #output: Promise<void>;

  private constructor(port: number, child: Deno.ChildProcess, output: Promise<void>) {
    this.port = port;
    this.#child = child;
    this.#output = output;
  }

  /** Starts one that keeps nothing on disk, and waits until it takes connections. */
  static async start(port = freePort()): Promise<RedisProcess> {
    const { child, output } = await startRedis(port);
    return new RedisProcess(port, child, output);
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Freezes the process, or lets it go on. */
  signal(signal: "SIGSTOP" | "SIGCONT"): void {
    this.#child.kill(signal);
  }

  /** Kills it; all that it held is lost. */
  async kill(): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await this.#child.status;
    await this.#output;
  }

  /** Starts it again after {@linkcode kill}, empty and on the same port. */
  async restart(): Promise<void> {
    const { child, output } = await startRedis(this.port);
    this.#child = child;
    this.#output = output;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}

async function startRedis(port: number) {
  const command = new Deno.Command("redis-server", {
    args: ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
    cwd: "/tmp",
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  });
  const child = spawn(command);
  const ready = Promise.withResolvers<void>();
  const read = async () => {
    let text = "";
    const decoder = new TextDecoder();
    for await (const bytes of child.stdout) {
      text = (text + decoder.decode(bytes, { stream: true })).slice(-4_000);
      if (text.includes("Ready to accept connections")) ready.resolve();
    }
    ready.reject(new Error(`redis-server ended: ${text}`));
  };
  ready.promise.catch(() => {});
  const output = read();
  await ready.promise;
  return { child, output };
}

/** A run without Redis fails and is never skipped. */
function spawn(command: Deno.Command): Deno.ChildProcess {
  try {
    return command.spawn();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Error("These tests need a real Redis: apt-get install redis-server");
  }
}
