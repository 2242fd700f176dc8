/**
 * Requests of the stateless revision 2026-07-28, complete unless a test leaves something out.
 *
 * @module
 */
import type { TestApp } from "../../helpers/app.ts";
import { EventReader } from "../../helpers/sse.ts";
import type { Message } from "./inbox.ts";

export const MODERN = "2026-07-28";
const PREFIX = "io.modelcontextprotocol/";

/** Differences from an ordinary request. */
export interface ModernOptions {
  readonly id?: string | number;
  readonly capabilities?: Record<string, unknown>;
  /** Further members of `_meta`; undefined takes one out. */
  readonly meta?: Record<string, unknown>;
  /** Further HTTP headers; null takes one out. */
  readonly headers?: Record<string, string | null>;
  readonly path?: string;
  readonly signal?: AbortSignal;
}

/** The body of a request. */
export function modernBody(
  method: string,
  params: Record<string, unknown> = {},
  { id = 1, capabilities = {}, meta = {} }: ModernOptions = {},
): Message {
  const _meta = {
    [`${PREFIX}protocolVersion`]: MODERN,
    [`${PREFIX}clientInfo`]: { name: "test", version: "1" },
    [`${PREFIX}clientCapabilities`]: capabilities,
    ...meta,
  };
  return { jsonrpc: "2.0", id, method, params: { ...params, _meta } };
}

/** The HTTP headers that mirror a body. */
export function mirrorHeaders(body: Message): Record<string, string> {
  const { method, params } = body;
  const name = params?.name ?? params?.uri;
  const isNamed = ["tools/call", "prompts/get", "resources/read"].includes(method);
  return {
    accept: "application/json, text/event-stream",
    "content-type": "application/json",
    "mcp-protocol-version": params?._meta?.[`${PREFIX}protocolVersion`] ?? MODERN,
    "mcp-method": method,
    ...(isNamed && typeof name === "string" && { "mcp-name": headerValue(name) }),
  };
}

/** A text in the form of a header: plain, or base64 if that is needed. */
export function headerValue(text: string): string {
  const isPlain = /^([\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?)?$/.test(text);
  return isPlain && !/^=\?base64\?.*\?=$/.test(text) ? text : base64Value(text);
}

/** A text between the markers of base64. */
export function base64Value(text: string): string {
  return `=?base64?${new TextEncoder().encode(text).toBase64()}?=`;
}

/** POSTs a request and gives the HTTP response. */
export async function modernPost(
  app: TestApp,
  method: string,
  params: Record<string, unknown> = {},
  options: ModernOptions = {},
): Promise<Response> {
  const body = modernBody(method, params, options);
  const headers = new Headers(mirrorHeaders(body));
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    if (value === null) headers.delete(name);
    else headers.set(name, value);
  }
  return await app.request(options.path ?? "/mcp", {
    method: "POST",
    headers,
    body: JSON.stringify(body),
    ...(options.signal !== undefined && { signal: options.signal }),
  });
}

/** All messages of one request's answer, whether it is JSON or a stream; the last is the response. */
export async function modernMessages(
  app: TestApp,
  method: string,
  params?: Record<string, unknown>,
  options?: ModernOptions,
): Promise<Message[]> {
  return await messagesOf(await modernPost(app, method, params, options));
}

/** The JSON-RPC response to a request. */
export async function modernRequest(
  app: TestApp,
  method: string,
  params?: Record<string, unknown>,
  options?: ModernOptions,
): Promise<Message> {
  return (await modernMessages(app, method, params, options)).at(-1);
}

/** Reads all messages of an HTTP response, to its end. */
export async function messagesOf(response: Response): Promise<Message[]> {
  const type = response.headers.get("content-type") ?? "";
  if (type.startsWith("application/json")) return [await response.json()];
  const events = await new EventReader(response).rest();
  return events.filter((event) => event.json !== undefined).map((event) => event.json);
}
