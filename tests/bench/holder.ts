/**
 * The driver of `hold.ts`.
 *
 * @module
 */
import { readLines } from "../helpers/lines.ts";
import type { HoldOptions } from "./hold.ts";
import { withOpenFiles } from "./machine.ts";
import { MODERN_META, rpc } from "./requests.ts";

const SCRIPT = new URL("./hold.ts", import.meta.url).pathname;

export class Holder implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #lines: AsyncGenerator<string>;
  #hasEnded = false;

  constructor(options: HoldOptions) {
    const args = ["run", "--no-check", "--allow-net=127.0.0.1", SCRIPT, JSON.stringify(options)];
    const [program, ...rest] = withOpenFiles(Deno.execPath(), args);
    this.#process = new Deno.Command(program, {
      args: rest,
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#lines = readLines(this.#process.stdout);
  }

  /** The next thing that it says. */
  async next(): Promise<Record<string, number>> {
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error("The clients ended before they were to");
    return JSON.parse(value);
  }

  /** Ends all its clients at once. */
  async kill(): Promise<void> {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    try {
      this.#process.kill("SIGKILL");
    } catch {
      // It has ended by itself.
    }
    await this.#process.status;
    await this.#lines.return(undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}

function post(port: number, body: string, headers: Readonly<Record<string, string>>): string {
  const lines = Object.entries({
    "Host": `127.0.0.1:${port}`,
    "Content-Type": "application/json",
    "Content-Length": String(body.length),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}`);
  return ["POST /mcp/sse HTTP/1.1", ...lines, "", body].join("\r\n");
}

/** Opens a stream of the plain dialect with a request in it. */
export function plainStream(port: number): Pick<HoldOptions, "port" | "request" | "expect"> {
  const body = rpc("ping", {});
  const request = post(port, body, { Accept: "text/event-stream" });
  return { port, request, expect: "event: response" };
}

/** The resource whose updates the streams of `listenStream` hear of. */
export const RESOURCE = "bench://resource";

/** Opens a stream of 2026-07-28 that hears of changed tools, and of updates of a resource. */
export function listenStream(port: number): Pick<HoldOptions, "port" | "request" | "expect"> {
  const method = "subscriptions/listen";
  const body = rpc(method, {
    notifications: { toolsListChanged: true, resourceSubscriptions: [RESOURCE] },
    _meta: MODERN_META,
  });
  const request = post(port, body, {
    "Accept": "application/json, text/event-stream",
    "MCP-Protocol-Version": "2026-07-28",
    "Mcp-Method": method,
  });
  return { port, request, expect: "notifications/subscriptions/acknowledged" };
}
