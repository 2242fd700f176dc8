/**
 * The real server as a process that exports to a collector.
 *
 * @module
 */
import { ServerProcess } from "../helpers/process.ts";
import { type CollectedSpan, Collector } from "./collector.ts";

const TOOLS = new URL("./tracing_tools.ts", import.meta.url).pathname;

/** A server that exports to a collector, and requests to it. */
export class Traced implements AsyncDisposable {
  readonly collector: Collector;
  readonly server: ServerProcess;
  #requests = 0;

  private constructor(collector: Collector, server: ServerProcess) {
    this.collector = collector;
    this.server = server;
  }

  static async start(): Promise<Traced> {
    const collector = new Collector();
    return new Traced(
      collector,
      await ServerProcess.start({ env: { ...collector.env, MCP_TOOLS: TOOLS } }),
    );
  }

  /** POSTs a request with its own id, and returns its span. */
  async span(
    message: Record<string, unknown>,
    headers: Record<string, string> = {},
  ): Promise<CollectedSpan> {
    const id = `request-${++this.#requests}`;
    await (await this.post({ ...message, id }, headers)).body?.cancel();
    return await this.collector.span(
      `of ${JSON.stringify(message)}`,
      ({ attributes }) => attributes["jsonrpc.request.id"] === id,
    );
  }

  post(message: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(`${this.server.base}/mcp`, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json", ...headers },
      body: JSON.stringify(message),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
    await this.collector[Symbol.asyncDispose]();
  }
}

/** A server over stdio, which is killed at the end of its block if it has not ended. */
export class StdioServer implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array>;

  constructor(env: Record<string, string>) {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "--allow-env=PORT,HOST,MCP_*", "main.ts", "--stdio"],
      cwd: new URL("../../", import.meta.url),
      env,
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#stdin = this.#child.stdin.getWriter();
  }

  async say(message: unknown): Promise<void> {
    await this.#stdin.write(new TextEncoder().encode(`${JSON.stringify(message)}\n`));
  }

  /** Closes its input, like a client that is done. */
  async end(): Promise<Deno.CommandStatus> {
    await this.#stdin.close();
    return await this.#child.status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
    await this.#child.stdout.cancel();
    await this.#child.status;
    await this.#stdin.close().catch(() => {});
  }
}
