import type { Pipe } from "../../lib/transport/stdio/connection.ts";
import { settled } from "./time.ts";

/** How a {@linkcode TestPipe} behaves. */
export interface TestPipeOptions {
  /** Whether its reader waits until the test tells it to read. */
  readonly isSlow?: boolean;
}

/** Both ends of a pipe in memory: a test writes lines and reads the lines that come back. */
export class TestPipe implements Pipe {
  /** The lines that the server wrote, as JSON values. */
  // deno-lint-ignore no-explicit-any -- a test looks into whatever came
  readonly lines: any[] = [];
  readonly input: ReadableStream<Uint8Array>;
  readonly #stop = new AbortController();
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #waiting: PromiseWithResolvers<void>[] = [];
  #isFast: boolean;
  #isClosed = false;

  constructor({ isSlow = false }: TestPipeOptions = {}) {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    this.input = readable;
    this.#writer = writable.getWriter();
    this.#isFast = !isSlow;
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  write(line: string): Promise<void> {
    if (this.#isClosed) return Promise.reject(new Error("Broken pipe"));
    this.lines.push(JSON.parse(line));
    if (this.#isFast) return Promise.resolve();
    const waiting = Promise.withResolvers<void>();
    this.#waiting.push(waiting);
    return waiting.promise;
  }

  /** Writes a message as a line, and waits until it has been taken. */
  async say(message: unknown): Promise<void> {
    await this.sayText(`${JSON.stringify(message)}\n`);
  }

  /** Writes a text unchanged. */
  async sayText(text: string): Promise<void> {
    void this.#writer.write(new TextEncoder().encode(text)).catch(() => {});
    await settled();
  }

  /** Reads the waiting bytes, and all that follow. */
  async readOn(): Promise<void> {
    this.#isFast = true;
    for (const { resolve } of this.#waiting.splice(0)) resolve();
    await settled();
  }

  stopReading(): void {
    this.#isFast = false;
  }

  /** The reader is gone: every write fails, also those that wait. */
  breakOff(): void {
    this.#isClosed = true;
    for (const { reject } of this.#waiting.splice(0)) reject(new Error("Broken pipe"));
  }

  /** Ends the connection from the server's side, like a signal. */
  abort(): void {
    this.#stop.abort();
  }

  /** Ends the input, like a client that leaves. */
  async close(): Promise<void> {
    await this.#writer.close().catch(() => {});
  }
}
