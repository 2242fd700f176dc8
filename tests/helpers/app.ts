/**
 * An app for a test, and requests to it as a client would send them.
 *
 * @module
 */
import { createAuth } from "../../lib/auth/create_auth.ts";
import { type App, type AppOptions, composeApp, type ComposedApp } from "../../lib/http/app.ts";
import { BUILT_IN_TOOLS } from "../../lib/tools/mod.ts";
import type { Ledger } from "../../lib/stream/ledger.ts";
import type { Peer } from "../../lib/transport/peer.ts";
import { EventReader } from "./sse.ts";

export { initializeRequest, rpc, toolCall } from "./messages.ts";

/** An app that is stopped when its block ends: `using app = testApp()`. */
export type TestApp = App & Disposable & Omit<ComposedApp, "app"> & {
  /** Sends a request to a path of the app. */
  request(path: string, init?: RequestInit, peer?: Peer): Promise<Response>;
  /** Sends a request with the operator's token. */
  operate(path: string, init?: RequestInit): Promise<Response>;
  /** POSTs a JSON-RPC body, or a text unchanged. */
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Response>;
  /** Opens a plain stream, with the message to be answered on it or without, and reads its welcome. */
  open(message?: unknown, init?: RequestInit): Promise<PlainClient>;
  ledger(): Ledger;
};

/** A client of the plain dialect. */
export interface PlainClient {
  readonly id: string;
  readonly response: Response;
  readonly events: EventReader;
  /** Sends a further message and fails unless it is taken. */
  send(message: unknown): Promise<void>;
}

/** Headers of a client that speaks the plain dialect. */
export const PLAIN_HEADERS = {
  accept: "text/event-stream",
  "content-type": "application/json",
} as const;

/** Makes an app with the built-in tools, unless told otherwise. */
export function testApp<Start = unknown>(options: AppOptions<Start> = {}): TestApp {
  const { app, registry, wheel } = composeApp({ tools: BUILT_IN_TOOLS, ...options }, createAuth);
  const request = async (
    path: string,
    init?: RequestInit,
    // As the listener says it of a client on this machine.
    peer: Peer = { address: "127.0.0.1" },
  ): Promise<Response> => await app.fetch(new Request(`http://localhost${path}`, init), peer);
  const operate: TestApp["operate"] = (path, init = {}) => {
    const headers = new Headers(init.headers);
    const token = options.settings?.MCP_ADMIN_TOKEN ?? app.operatorToken;
    headers.set("authorization", `Bearer ${token}`);
    return request(path, { ...init, headers });
  };
  const post: TestApp["post"] = (path, body, headers = {}) =>
    request(path, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  const open: TestApp["open"] = async (message, init = {}) => {
    const body = message === undefined ? null : JSON.stringify(message);
    const response = await request("/mcp/sse", {
      method: "POST",
      headers: PLAIN_HEADERS,
      body,
      ...init,
    });
    const events = new EventReader(response);
    const welcome = await events.nextNamed("welcome");
    const id: string = welcome.json.result.connection_id;
    const send = async (further: unknown) => {
      const { status } = await post("/mcp/sse", further, { "mcp-connection-id": id });
      if (status !== 202) throw new Error(`Further message got ${status}`);
    };
    return { id, response, events, send };
  };
  return {
    ...app,
    registry,
    wheel,
    request,
    operate,
    post,
    open,
    ledger: () => app.connections.ledger(),
    [Symbol.dispose]: () => app.stop(),
  };
}
