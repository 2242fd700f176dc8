/**
 * Several `main.ts` as processes that share a store, and a client that reaches any of them.
 *
 * @module
 */
import { initializeRequest } from "../helpers/app.ts";
import { type MainOptions, ServerProcess } from "../helpers/process.ts";
import { EventReader } from "../helpers/sse.ts";

/** Time for the head of a response (ms). */
const PATIENCE_MS = 30_000;
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
    const withKey = { ...options, env: { MCP_SESSION_KEY: KEY, MCP_LOG_LEVEL: "info", ...env } };
    const starts = await Promise.allSettled(
      Array.from({ length: count }, () => ServerProcess.start(withKey)),
    );
    const started = starts.flatMap((start) => start.status === "fulfilled" ? [start.value] : []);
    const instances = new Instances(started, withKey);
    const failed = starts.find((start) => start.status === "rejected");
    if (failed === undefined) return instances;
    await instances[Symbol.asyncDispose]();
    throw failed.reason;
  }

  /** The URL of one instance. */
  url(index: number): string {
    return `${this.all[index]?.url}/mcp`;
  }

  /** The URL of any instance. */
  anyUrl(): string {
    return this.url(Math.floor(Math.random() * this.all.length));
  }

  /** The ports of the instances. */
  get ports(): number[] {
    return this.all.map(({ url }) => Number(new URL(url).port));
  }

  /** Ends an instance, and starts another in its place, on its port. */
  async replace(index: number, signal: Deno.Signal = "SIGKILL"): Promise<void> {
    const port = this.ports[index];
    await this.all[index]?.stop(signal);
    await this.all[index]?.[Symbol.asyncDispose]();
    const { args = [], ...options } = this.#options;
    this.all[index] = await ServerProcess.start({ ...options, args: [...args, `--port=${port}`] });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.all) await server[Symbol.asyncDispose]();
  }
}

/** How a session is opened. */
export interface SessionOptions {
  readonly capabilities?: Readonly<Record<string, unknown>>;
  readonly version?: string;
}

/** Opens a session and returns the headers of its requests. */
export async function openSession(
  url: string,
  { capabilities = {}, version = "2025-11-25" }: SessionOptions = {},
): Promise<Record<string, string>> {
  const response = await post(url, initializeRequest(version, { capabilities }));
  await response.body?.cancel();
  const id = response.headers.get("mcp-session-id");
  if (id === null) throw new Error(`initialize was answered with ${response.status}`);
  return { "mcp-session-id": id, "mcp-protocol-version": version };
}

/** A `fetch` that gives up when no response comes in time. */
async function fetchWithin(ms: number, url: string, init: RequestInit): Promise<Response> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new Error(`Nothing for ${ms} ms`)), ms);
  try {
    return await fetch(url, { ...init, signal: controller.signal });
  } finally {
    clearTimeout(timer);
  }
}

/** @param withinMs time for the head of the response (ms) */
export function post(
  url: string,
  message: unknown,
  headers: Readonly<Record<string, string>> = {},
  withinMs: number = PATIENCE_MS,
): Promise<Response> {
  return fetchWithin(withinMs, url, {
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
  withinMs: number = PATIENCE_MS,
): Promise<EventReader> {
  const response = await fetchWithin(withinMs, url, {
    headers: { ...headers, accept: "text/event-stream", "last-event-id": lastEventId },
  });
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
  return new EventReader(response);
}
