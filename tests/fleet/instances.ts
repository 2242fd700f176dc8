/**
 * Several `main.ts` as processes that share a store, and a client that reaches any of them.
 *
 * @module
 */
import { rpc } from "../helpers/app.ts";
import { type MainOptions, ServerProcess } from "../helpers/process.ts";
import { EventReader } from "../helpers/sse.ts";

const KEY = "the key of all instances of this test";
const JSON_HEADERS = {
  "content-type": "application/json",
  accept: "application/json, text/event-stream",
};

/** Instances that share a store: `await using instances = await Instances.start(2, {…})`. */
export class Instances implements AsyncDisposable {
  readonly all: ServerProcess[];
  readonly #options: MainOptions;

  private constructor(all: ServerProcess[], options: MainOptions) {
    this.all = all;
    this.#options = options;
  }

  static async start(count: number, { env, ...options }: MainOptions): Promise<Instances> {
    const withKey = { ...options, env: { MCP_SESSION_KEY: KEY, MCP_LOG_LEVEL: "warning", ...env } };
    const starting = Array.from({ length: count }, () => ServerProcess.start(withKey));
    return new Instances(await Promise.all(starting), withKey);
  }

  /** The URL of one instance. */
  url(index: number): string {
    return `${this.all[index]?.url}/mcp`;
  }

  /** The URL of any instance. */
  anyUrl(): string {
    return this.url(Math.floor(Math.random() * this.all.length));
  }

  /** Kills an instance, and starts another in its place. */
  async replace(index: number): Promise<void> {
    await this.all[index]?.[Symbol.asyncDispose]();
    this.all[index] = await ServerProcess.start(this.#options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.all) await server[Symbol.asyncDispose]();
  }
}

/** Opens a session of 2025-11-25 and returns the headers of its requests. */
export async function openSession(url: string): Promise<Record<string, string>> {
  const params = {
    protocolVersion: "2025-11-25",
    capabilities: {},
    clientInfo: { name: "test", version: "1" },
  };
  const response = await post(url, rpc("initialize", params));
  await response.body?.cancel();
  const id = response.headers.get("mcp-session-id");
  if (id === null) throw new Error(`initialize was answered with ${response.status}`);
  return { "mcp-session-id": id, "mcp-protocol-version": "2025-11-25" };
}

export function post(
  url: string,
  message: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers: { ...JSON_HEADERS, ...headers },
    body: JSON.stringify(message),
  });
}

/** Resumes a stream after an event. */
export async function resume(
  url: string,
  headers: Readonly<Record<string, string>>,
  lastEventId: string,
): Promise<EventReader> {
  const response = await fetch(url, {
    headers: { ...headers, accept: "text/event-stream", "last-event-id": lastEventId },
  });
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
  return new EventReader(response);
}
