/**
 * Clients at the other end of a pipe: one within this process, one with its own process.
 *
 * @module
 */
import type { App } from "../../../lib/http/app.ts";
import { Inbox, type Message } from "./inbox.ts";

const ROOT = new URL("../../../", import.meta.url);

/** A client whose pipe is in memory. */
export class PipeClient implements AsyncDisposable {
  readonly inbox = new Inbox();
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #served: Promise<void>;

  constructor(app: App) {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    this.#input = writable.getWriter();
    this.#served = app.speak({
      input: readable,
      write: (line) => Promise.resolve(this.inbox.put(JSON.parse(line))),
    });
  }

  /** Writes a message as a line. */
  async send(message: unknown): Promise<void> {
    await this.#input.write(new TextEncoder().encode(`${JSON.stringify(message)}\n`));
  }

  /** Sends a request and waits for its response. */
  async request(message: Message): Promise<Message> {
    await this.send(message);
    return await this.inbox.response(message.id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#input.close();
    await this.#served;
  }
}

/** The output of a server process until its end. */
export interface ProcessOutput {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts the server over stdio, writes the lines, closes the input, and waits for its end. */
export async function speakToProcess(
  lines: readonly string[],
  env: Record<string, string> = {},
): Promise<ProcessOutput> {
  const process = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--frozen",
      "--no-prompt",
      "--allow-env=PORT,HOST,MCP_*",
      // Tools of one's own are files that the server must read.
      ...(env.MCP_TOOLS === undefined ? [] : ["--allow-read=."]),
      "main.ts",
      "--stdio",
    ],
    cwd: ROOT,
    env,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const input = process.stdin.getWriter();
  await input.write(new TextEncoder().encode(lines.map((line) => `${line}\n`).join("")));
  await input.close();
  const { code, stdout, stderr } = await process.output();
  const decoder = new TextDecoder("utf-8", { fatal: true });
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}
