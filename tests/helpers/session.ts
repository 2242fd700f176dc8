/**
 * A client's session of the 2025 revisions, for tests that check each message.
 *
 * @module
 */
import { assertEquals, assertExists } from "@std/assert";
import type { Peer } from "../../lib/transport/peer.ts";
import { initializeRequest, type TestApp } from "./app.ts";
import { EventReader } from "./sse.ts";

/** How a session is opened. */
export interface SessionOptions {
  readonly version?: string;
  readonly capabilities?: Record<string, unknown>;
  readonly peer?: Peer;
  /** `/mcp` unless told otherwise. */
  readonly path?: string;
}

/** The `Accept` of a client that takes both forms of answer. */
export const BOTH = "application/json, text/event-stream";

export class TestSession {
  readonly app: TestApp;
  readonly id: string;
  readonly #options: SessionOptions;

  constructor(app: TestApp, id: string, options: SessionOptions = {}) {
    this.app = app;
    this.id = id;
    this.#options = options;
  }

  /** Sends `initialize` and `notifications/initialized`. */
  static async open(app: TestApp, options: SessionOptions = {}): Promise<TestSession> {
    const response = await initialize(app, options);
    assertEquals(response.status, 200, await response.clone().text());
    await response.body?.cancel();
    const id = response.headers.get("mcp-session-id");
    assertExists(id);
    const session = new TestSession(app, id, options);
    await session.tell({ jsonrpc: "2.0", method: "notifications/initialized" });
    return session;
  }

  /** The same session as seen on another server, or by another caller. */
  on(app: TestApp, options: SessionOptions = {}): TestSession {
    return new TestSession(app, this.id, { ...this.#options, ...options });
  }

  /** POSTs a message or a batch. */
  async post(body: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return await this.#request("POST", {
      body: JSON.stringify(body),
      headers: { "content-type": "application/json", accept: BOTH, ...headers },
    });
  }

  /** POSTs a message that is taken without an answer. */
  async tell(message: unknown): Promise<void> {
    const response = await this.post(message);
    assertEquals(response.status, 202, await response.text());
  }

  /** The answer to a request, whichever form it comes in. */
  // deno-lint-ignore no-explicit-any -- a test looks into whatever came
  async ask(message: Record<string, unknown>): Promise<any> {
    const response = await this.post(message);
    if (response.headers.get("content-type") !== "text/event-stream") return await response.json();
    return (await new EventReader(response).rest()).at(-1)?.json;
  }

  /** Opens the session's stream, or resumes one. */
  async listen(lastEventId?: string): Promise<Response> {
    return await this.#request("GET", {
      headers: {
        accept: "text/event-stream",
        ...(lastEventId !== undefined && { "last-event-id": lastEventId }),
      },
    });
  }

  async delete(): Promise<Response> {
    return await this.#request("DELETE", {});
  }

  #request(method: string, init: RequestInit): Promise<Response> {
    const { path = "/mcp", peer, version = "2025-11-25" } = this.#options;
    const headers = {
      "mcp-session-id": this.id,
      "mcp-protocol-version": version,
      ...init.headers as Record<string, string> | undefined,
    };
    return this.app.request(path, { ...init, method, headers }, peer);
  }
}

/** POSTs `initialize`. */
export function initialize(
  app: TestApp,
  { version = "2025-11-25", capabilities = {}, peer, path = "/mcp" }: SessionOptions = {},
  headers: Record<string, string> = {},
): Promise<Response> {
  return app.request(path, {
    method: "POST",
    headers: { "content-type": "application/json", accept: BOTH, ...headers },
    body: JSON.stringify(initializeRequest(version, { capabilities })),
  }, peer);
}
