/**
 * A client in memory that speaks with an app as real ones do: over the app's own HTTP, in any era.
 *
 * @module
 */
import type { App } from "../http/app.ts";
import {
  isRequest,
  type JsonObject,
  type JsonRpcMessage,
  type JsonRpcResponse,
} from "../wire/json_rpc.ts";
import { metaOf } from "../wire/meta.ts";
import { METHODS, NOTIFICATIONS } from "../wire/methods.ts";
import type { CallToolResult, GetPromptResult, ReadResourceResult } from "../wire/mcp_types.ts";
import { LEGACY_VERSIONS, PROTOCOL_VERSIONS } from "../wire/protocol_versions.ts";
import { type Answers, answerTo, capabilitiesOf } from "./answers.ts";
import type { Channel } from "./channel.ts";
import { requireTestOptions } from "./client_options.ts";
import { assertNothingLeft } from "./leftovers.ts";
import {
  LIST_METHODS,
  type ListName,
  type LogMessage,
  type Progress,
  type RequestOptions,
  type TestClientOptions,
} from "./client_types.ts";
import { withoutEnvelope } from "./modern_channel.ts";
import { openChannel } from "./open_channel.ts";
import { RpcError } from "./rpc_error.ts";

/** Maximum number of rounds; a handler that asks more often would never stop. */
const MAX_ROUNDS = 50;
/** The clients of each app that are open. */
const open = new WeakMap<App, number>();

/**
 * Connects a client to an app, in memory. An app whose first client cannot connect is stopped, unless
 * `keepApp` is set.
 *
 * @throws {RpcError} when the app refuses `initialize`
 * @throws {ConfigError} when the app's `onStart` fails
 * @throws {TypeError} for options that are unknown or wrong
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as z from "zod";
 * import { createApp, defineTool } from "../mod.ts";
 * import { testClient } from "../testing.ts";
 *
 * const greet = defineTool({
 *   name: "greet",
 *   description: "Greets somebody",
 *   input: z.object({ name: z.string() }),
 *   run: ({ name }) => `Hello ${name}`,
 * });
 *
 * await using client = await testClient(createApp({ tools: [greet] }), { era: "2025-11-25" });
 * assertEquals(await client.call("greet", { name: "Ada" }), {
 *   content: [{ type: "text", text: "Hello Ada" }],
 * });
 * ```
 */
export async function testClient(app: App, options: TestClientOptions = {}): Promise<TestClient> {
  requireTestOptions(app, options);
  try {
    await app.start();
    return await TestClient.connect(app, options);
  } catch (error) {
    const isFirst = (open.get(app) ?? 0) === 0;
    if (isFirst && options.keepApp !== true) await end(app).catch(() => {});
    throw error;
  }
}

/** @throws {Error} when `onStop` fails */
async function end(app: App): Promise<void> {
  const { stopError } = await app.drain(0);
  app.stop();
  if (stopError !== undefined) throw stopError;
}

/** A client in memory; `await using` closes it and checks that it leaves nothing in the app. */
export class TestClient implements AsyncDisposable {
  /** Progress that calls have reported, in its order. */
  readonly progress: Progress[] = [];
  /** Log messages that calls have sent, in their order. */
  readonly logs: LogMessage[] = [];
  /** All other notifications, such as `notifications/tools/list_changed`. */
  readonly notifications: { readonly method: string; readonly params?: JsonObject }[] = [];
  readonly #app: App;
  readonly #answers: Answers;
  readonly #keepsApp: boolean;
  #channel!: Channel;
  #ids = 0;
  #isClosed = false;

  private constructor(app: App, options: TestClientOptions) {
    this.#app = app;
    this.#answers = options;
    this.#keepsApp = options.keepApp === true;
  }

  /** See {@linkcode testClient}. */
  static async connect(app: App, options: TestClientOptions): Promise<TestClient> {
    const { dialect, name = "test-client", headers = {} } = options;
    const newest = dialect === "plain" ? LEGACY_VERSIONS[0]! : PROTOCOL_VERSIONS[0];
    const { era = newest } = options;
    const client = new TestClient(app, options);
    client.#channel = await openChannel(dialect, {
      app,
      version: era,
      capabilities: capabilitiesOf(options),
      info: { name, version: "1.0.0" },
      headers,
      peer: options.peer ?? { address: "127.0.0.1" },
      onMessage: (message) => client.#take(message),
    });
    open.set(app, (open.get(app) ?? 0) + 1);
    return client;
  }

  /**
   * Calls a tool. Questions of its handler are answered on the way.
   *
   * @param options its `signal` cancels the call, as a client of the era does
   * @throws {RpcError} for a protocol error; a tool that fails has a result with `isError`
   */
  async call(
    name: string,
    args: object = {},
    options: RequestOptions = {},
  ): Promise<CallToolResult> {
    const params = { name, arguments: args };
    return await this.request(METHODS.callTool, params, options) as CallToolResult;
  }

  /** All entries of a list, of all pages. */
  async list<T = JsonObject & { readonly name: string }>(list: ListName): Promise<T[]> {
    const entries: T[] = [];
    let cursor: unknown;
    do {
      const page = await this.request(
        LIST_METHODS[list],
        cursor === undefined ? {} : { cursor },
      );
      entries.push(...page[list] as T[]);
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    return entries;
  }

  /** Reads a resource. */
  async read(uri: string): Promise<ReadResourceResult> {
    return await this.request(METHODS.readResource, { uri }) as ReadResourceResult;
  }

  /** Gets a prompt. */
  async prompt(
    name: string,
    args: Readonly<Record<string, string>> = {},
  ): Promise<GetPromptResult> {
    return await this.request(METHODS.getPrompt, { name, arguments: args }) as GetPromptResult;
  }

  /**
   * Sends any request.
   *
   * @param options its `signal` cancels the request, as a client of the era does
   * @returns its result, without what 2026-07-28 puts around every one
   * @throws {RpcError} for an error
   * @throws {Error} if the client is closed, or closes before the response
   * @throws the reason of the signal
   */
  async request(
    method: string,
    params: JsonObject = {},
    options: RequestOptions = {},
  ): Promise<JsonObject> {
    let result = await this.#requestOnce(method, params, options);
    for (let round = 1; result.resultType === "input_required"; round++) {
      if (round > MAX_ROUNDS) throw new Error(`${method} asked ${MAX_ROUNDS} times`);
      const { inputRequests, requestState } = result;
      const inputResponses = await this.#answerAll(inputRequests as JsonObject);
      const answered = { ...params, requestState, inputResponses };
      result = await this.#requestOnce(method, answered, options);
    }
    return withoutEnvelope(result);
  }

  /**
   * Sends a notification.
   *
   * @throws {Error} if the client is closed
   */
  async notify(method: string, params: JsonObject = {}): Promise<void> {
    this.#requireOpen(method);
    await this.#channel.send({ jsonrpc: "2.0", method, params });
  }

  /**
   * Ends the session and its streams. The last client of an app checks that nothing is left in it,
   * drains it and stops it.
   *
   * @throws {Error} naming streams, sessions, requests and timers that are left, or why `onStop` failed
   */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#channel.close();
    const others = (open.get(this.#app) ?? 1) - 1;
    open.set(this.#app, others);
    if (others > 0) return;
    try {
      await assertNothingLeft(this.#app);
    } finally {
      if (!this.#keepsApp) await end(this.#app);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #requireOpen(method: string): void {
    if (this.#isClosed) throw new Error(`Test client is closed; it cannot send ${method}`);
  }

  async #requestOnce(
    method: string,
    params: JsonObject,
    { signal }: RequestOptions,
  ): Promise<JsonObject> {
    signal?.throwIfAborted();
    this.#requireOpen(method);
    const id = ++this.#ids;
    const prepared = this.#channel.prepare(params);
    const _meta = { progressToken: id, ...metaOf(prepared) };
    const request = { jsonrpc: "2.0", id, method, params: { ...prepared, _meta } } as const;
    const responding = this.#channel.request(request);
    const response =
      await (signal === undefined ? responding : this.#cancellable(responding, id, signal))
        .catch((cause) => {
          if (!this.#isClosed) throw cause;
          throw new Error(`Test client was closed before the response to ${method}`, { cause });
        });
    if ("error" in response) throw new RpcError(response.error);
    return response.result as JsonObject;
  }

  /** The response, or the signal's reason once the server has been told. */
  async #cancellable(
    responding: Promise<JsonRpcResponse>,
    id: number,
    signal: AbortSignal,
  ): Promise<JsonRpcResponse> {
    const { promise, reject } = Promise.withResolvers<never>();
    const cancel = (): void => {
      this.#channel.cancel(id).then(() => reject(signal.reason), reject);
    };
    signal.addEventListener("abort", cancel, { once: true });
    // A cancelled request may get no response, and its stream then ends early.
    responding.catch(() => {});
    const settled = responding.catch((error) => signal.aborted ? promise : Promise.reject(error));
    try {
      return await Promise.race([settled, promise]);
    } finally {
      signal.removeEventListener("abort", cancel);
    }
  }

  async #answerAll(requests: JsonObject): Promise<JsonObject> {
    const responses: JsonObject = {};
    for (const [key, request] of Object.entries(requests)) {
      const { method, params = {} } = request as { method: string; params?: JsonObject };
      const answer = await answerTo(this.#answers, method, params);
      if ("error" in answer) throw new Error(answer.error.message);
      responses[key] = answer.result;
    }
    return responses;
  }

  #take(message: JsonRpcMessage): void {
    if (!("method" in message)) return;
    const { method, params = {} } = message;
    if (isRequest(message)) {
      const { id } = message;
      void answerTo(this.#answers, method, params)
        .then((answer) => this.#channel.send({ jsonrpc: "2.0", id, ...answer }))
        .catch(() => {});
    } else if (method === NOTIFICATIONS.progress) {
      const { progressToken: _token, ...progress } = params;
      this.progress.push(progress as JsonObject & Progress);
    } else if (method === NOTIFICATIONS.message) {
      this.logs.push(params as JsonObject & LogMessage);
    } else this.notifications.push({ method, params });
  }
}
