/**
 * An app for a test, and requests to it as a client would send them.
 *
 * @module
 */
import { type App, type AppOptions, createApp } from "../../lib/http/app.ts";
import { BUILT_IN_TOOLS } from "../../lib/tools/mod.ts";
import type { Peer } from "../../lib/transport/peer.ts";

/** An app that is stopped when its block ends: `using app = testApp()`. */
export type TestApp = App & Disposable & {
  /** Sends a request to a path of the app. */
  request(path: string, init?: RequestInit, peer?: Peer): Promise<Response>;
  /** POSTs a JSON-RPC body (or a text as it is). */
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Response>;
};

/** Makes an app with the built-in tools, unless told otherwise. */
export function testApp(options: AppOptions = {}): TestApp {
  const app = createApp({ tools: BUILT_IN_TOOLS, ...options });
  const request = async (path: string, init?: RequestInit, peer?: Peer): Promise<Response> =>
    await app.fetch(new Request(`http://localhost${path}`, init), peer);
  return {
    ...app,
    request,
    post: (path, body, headers = {}) =>
      request(path, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: typeof body === "string" ? body : JSON.stringify(body),
      }),
    [Symbol.dispose]: () => app.stop(),
  };
}

/** A JSON-RPC request. */
export function rpc(
  method: string,
  params?: Record<string, unknown>,
  id: string | number = 1,
): Record<string, unknown> {
  return { jsonrpc: "2.0", id, method, ...(params !== undefined && { params }) };
}

/** A `tools/call` request. */
export function toolCall(
  name: string,
  args?: Record<string, unknown>,
  id: string | number = 1,
): Record<string, unknown> {
  return rpc("tools/call", { name, ...(args !== undefined && { arguments: args }) }, id);
}
