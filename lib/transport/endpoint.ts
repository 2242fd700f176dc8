/**
 * The one endpoint: reads a request once, decides its dialect, and hands it there.
 *
 * | request | dialect |
 * | --- | --- |
 * | POST with `Mcp-Connection-Id`; DELETE with it | plain |
 * | POST with `?connection_id=`; GET without a session | 2024-11-05 HTTP+SSE |
 * | POST whose `_meta` or header says 2026-07-28 or later | stateless |
 * | POST that accepts an event stream and no JSON, on the plain URL | plain |
 * | POST `initialize`; anything with `Mcp-Session-Id` | 2025 Streamable HTTP |
 * | any other POST | a call without a session |
 *
 * @module
 */
import { ProtocolError } from "../base/errors.ts";
import type { MaybePromise } from "../base/promises.ts";
import { LEGACY_METHODS } from "../mcp/legacy_methods.ts";
import type { Catalog } from "../registry/catalog.ts";
import {
  checkDepth,
  emptyBody,
  isNotification,
  isRequest,
  type JsonRpcMessage,
  parseMessage,
} from "../wire/json_rpc.ts";
import { type Accepted, parseAccept } from "../wire/media_types.ts";
import { isSupported, PROTOCOL_VERSIONS } from "../wire/protocol_versions.ts";
import { type BodyLimits, readBody } from "./body.ts";
import { CONNECTION_ID_PARAM, openHttpSse, postToHttpSse } from "./http_sse.ts";
import type { ListenDeps } from "./listen.ts";
import { answerModern, isModern, VERSION_HEADER } from "./modern.ts";
import type { Peer } from "./peer.ts";
import { CONNECTION_ID_HEADER, deletePlain, openPlain, postToPlain } from "./plain.ts";
import { accepted as acceptedResponse } from "./respond.ts";
import { listenToSession } from "./resumption.ts";
import type { SessionStreamDeps } from "./session_stream.ts";
import { answerOnce, type StatelessDeps } from "./stateless.ts";
import {
  openSession,
  postBatchToSession,
  postToSession,
  SESSION_ID_HEADER,
  type StreamableDeps,
} from "./streamable.ts";

/** What the dialects work with. */
export interface EndpointDeps extends SessionStreamDeps, StreamableDeps, StatelessDeps, ListenDeps {
  readonly limits: BodyLimits;
  readonly catalog: Catalog;
}

/** A request on its way to a dialect. */
export interface EndpointRequest {
  readonly request: Request;
  readonly peer: Peer;
  /** Path of the URL, and whether it is the one that speaks the plain dialect. */
  readonly path: string;
  readonly isPlainUrl: boolean;
}

const NO_CAPABILITIES = {};

/** A POST whose body has been read. */
interface Post extends EndpointRequest {
  readonly accepted: Accepted;
  readonly version: string | null;
}

/** `POST` of the endpoint: any dialect's message. */
export function handlePost(deps: EndpointDeps, from: EndpointRequest): MaybePromise<Response> {
  return readBody(from.request, deps.limits, (value) => takeBody(deps, from, value));
}

function takeBody(
  deps: EndpointDeps,
  from: EndpointRequest,
  value: unknown,
): MaybePromise<Response> {
  const { headers } = from.request;
  const accepted = parseAccept(headers.get("accept"));
  const connectionId = from.isPlainUrl ? headers.get(CONNECTION_ID_HEADER) : null;
  const mayOpenPlain = from.isPlainUrl && accepted.namesEventStream && !accepted.json;
  if (value === undefined) {
    if (!mayOpenPlain || connectionId !== null) throw emptyBody();
    return openPlain(deps, { ...from, message: undefined });
  }
  checkDepth(value);
  const { request, peer, path, isPlainUrl } = from;
  const version = headers.get(VERSION_HEADER);
  const post = { request, peer, path, isPlainUrl, accepted, version };
  if (Array.isArray(value)) return postBatch(deps, post, value);
  const message = parseMessage(value);
  try {
    if (isRequest(message)) deps.connections.admission.admitRequest();
    if (connectionId !== null) {
      return postToPlain(deps, { id: connectionId, peer: from.peer }, message);
    }
    return route(deps, post, message);
  } catch (error) {
    // Whatever was wrong, the client learns which of its requests it was.
    const isAnswer = error instanceof ProtocolError && isRequest(message);
    throw isAnswer ? error.forRequest(message.id) : error;
  }
}

function route(deps: EndpointDeps, post: Post, message: JsonRpcMessage): MaybePromise<Response> {
  const { request, peer, accepted, version } = post;
  const streamId = queryParam(request.url, CONNECTION_ID_PARAM);
  if (streamId !== undefined) return postToHttpSse(deps, { id: streamId, peer }, message);
  if ("method" in message && isModern(message.params, version)) {
    if (isRequest(message)) return answerModern(deps, { ...post, message });
    requireSupportedVersion(version);
    return acceptedResponse();
  }
  requireSupportedVersion(version);
  const sessionId = request.headers.get(SESSION_ID_HEADER);
  if (isRequest(message) && message.method === "initialize" && !speaksPlain(post)) {
    return openSession(deps, message, post);
  }
  if (sessionId !== null) {
    const session = deps.sessions.find(sessionId, peer);
    return postToSession(deps, session, post, message);
  }
  if (speaksPlain(post)) return openPlain(deps, { request, peer, message });
  if (isRequest(message)) {
    return answerOnce(deps, {
      request,
      peer,
      accepted,
      message,
      methods: LEGACY_METHODS,
      caller: peer,
      capabilities: NO_CAPABILITIES,
      logLevel: undefined,
      statusOf: always200,
    });
  }
  if (isNotification(message)) return acceptedResponse();
  throw new ProtocolError(
    "invalid_request",
    "Invalid request: a response needs the header Mcp-Session-Id or Mcp-Connection-Id of the " +
      "connection that asked",
  );
}

function always200(): number {
  return 200;
}

/** Batches are part of 2025-03-26 alone, and of its sessions. */
function postBatch(
  deps: EndpointDeps,
  post: Post,
  values: readonly unknown[],
): MaybePromise<Response> {
  requireSupportedVersion(post.version);
  const sessionId = post.request.headers.get(SESSION_ID_HEADER);
  const session = sessionId === null ? undefined : deps.sessions.find(sessionId, post.peer);
  if (session?.state.version !== "2025-03-26") {
    throw new ProtocolError(
      "invalid_request",
      "Invalid request: batches are part of protocol version 2025-03-26 only; send one message " +
        "per request",
    );
  }
  if (values.length === 0) {
    throw new ProtocolError("invalid_request", "Invalid request: empty batch");
  }
  const messages = values.map(parseMessage);
  if (messages.some(isRequest)) deps.connections.admission.admitRequest();
  if (messages.some((message) => isRequest(message) && message.method === "initialize")) {
    throw new ProtocolError(
      "invalid_request",
      "Invalid request: initialize must not be in a batch",
    );
  }
  return postBatchToSession(deps, session, post, messages);
}

/** `GET` of the endpoint: a session's stream, or a 2024-11-05 one. */
export function handleGet(deps: EndpointDeps, from: EndpointRequest): Response {
  const { headers } = from.request;
  const { namesEventStream } = parseAccept(headers.get("accept"));
  if (!namesEventStream) {
    throw new ProtocolError(
      "not_acceptable",
      "GET opens an event stream: send Accept: text/event-stream, and Mcp-Session-Id if you have " +
        "a session; or see /mcp/stdio for what this server is",
    );
  }
  const version = headers.get(VERSION_HEADER);
  requireSupportedVersion(version);
  if (isModern(undefined, version)) {
    throw new ProtocolError(
      "method_not_allowed",
      `Protocol version ${version} has no GET; POST subscriptions/listen instead`,
      { headers: { allow: "POST" } },
    );
  }
  const sessionId = headers.get(SESSION_ID_HEADER);
  if (sessionId === null) return openHttpSse(deps, from);
  return listenToSession(deps, deps.sessions.find(sessionId, from.peer), from);
}

/** `DELETE` of the endpoint: the client ends what its header names. */
export function handleDelete(
  deps: EndpointDeps,
  { request, peer, isPlainUrl }: EndpointRequest,
): Response {
  const connectionId = isPlainUrl ? request.headers.get(CONNECTION_ID_HEADER) : null;
  if (connectionId !== null) return deletePlain(deps, { id: connectionId, peer });
  requireSupportedVersion(request.headers.get(VERSION_HEADER));
  const sessionId = request.headers.get(SESSION_ID_HEADER);
  if (sessionId !== null) {
    deps.sessions.delete(deps.sessions.find(sessionId, peer));
    return new Response(null, { status: 204 });
  }
  throw new ProtocolError(
    "invalid_request",
    "DELETE needs the header Mcp-Session-Id or Mcp-Connection-Id, which names what to end",
  );
}

/** Who wants an event stream and nothing else, and names no revision, speaks the plain dialect. */
function speaksPlain({ isPlainUrl, accepted, version }: Post): boolean {
  return isPlainUrl && accepted.namesEventStream && !accepted.json && version === null;
}

/** Whatever is asked for, an unknown revision is a 400 (2025-06-18, basic/transports). */
function requireSupportedVersion(version: string | null): void {
  if (version === null || isSupported(version)) return;
  throw new ProtocolError(
    "invalid_request",
    `Unsupported MCP-Protocol-Version ${JSON.stringify(version.slice(0, 40))}; this server ` +
      `speaks ${PROTOCOL_VERSIONS.join(", ")}`,
  );
}

function queryParam(url: string, name: string): string | undefined {
  const query = url.indexOf("?");
  if (query < 0) return undefined;
  return new URLSearchParams(url.slice(query)).get(name) ?? undefined;
}
