import config from "../../../deno.json" with { type: "json" };
import { Child } from "../../helpers/child.ts";

/** Time for servers to start on a busy machine (ms). */
const START_MS = 60_000;
const ROOT = new URL("../../../", import.meta.url).pathname;
const [, ...TASK] = config.tasks.gateway.command.split(" ");

/** The gateway as a process, with the servers of a file. */
export class GatewayProcess implements AsyncDisposable {
  readonly origin: string;
  readonly #child: Child;

  private constructor(child: Child, origin: string) {
    this.#child = child;
    this.origin = origin;
  }

  /** Starts it, and waits until it serves. */
  static async start(
    path: string,
    flags: readonly string[] = [],
    env: Readonly<Record<string, string>> = {},
  ): Promise<GatewayProcess> {
    const child = new Child({
      args: [...TASK.map(inRoot), "--port=0", ...flags],
      env: { NO_COLOR: "1", MCP_SERVERS: path, ...env },
      reads: "stderr",
    });
    try {
      const isGreeting = ({ text }: { text: string }) => /Endpoint +http/.test(text);
      const { text } = await child.line("greeting", isGreeting, START_MS);
      const [, port] = /:(\d+)\/mcp/.exec(text)!;
      return new GatewayProcess(child, `http://127.0.0.1:${port}`);
    } catch (error) {
      await child[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The end of its log. */
  get lastLines(): string {
    return this.#child.lines.slice(-20).map(({ text }) => text).join("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#child.exit;
    await this.#child[Symbol.asyncDispose]();
  }
}

/** The task names files by their paths in the project's folder. */
function inRoot(argument: string): string {
  return argument.replace(/^(--lock=)?(?=lib\/)/, `$1${ROOT}`);
}
