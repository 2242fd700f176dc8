/**
 * The one endpoint: decides the dialect of a request, and hands it there.
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
import { LEGACY_METHODS } from "../mcp/methods/legacy.ts";
import type { Catalog } from "../registry/catalog.ts";
import {
  checkDepth,
  emptyBodyError,
  isNotification,
  isRequest,
  type JsonRpcMessage,
  parseMessage,
} from "../wire/json_rpc.ts";
import { type Accepted, parseAccept } from "../wire/media_types.ts";
import { isSupported, PROTOCOL_VERSIONS } from "../wire/protocol_versions.ts";
import { CONNECTION_ID_PARAM, openHttpSse, postToHttpSse } from "./http_sse/dialect.ts";
import type { RequestContext } from "./incoming.ts";
import type { ListenDeps } from "./modern/listen.ts";
import { answerModern, isModern, VERSION_HEADER } from "./modern/dialect.ts";
import type { Peer } from "./peer.ts";
import { CONNECTION_ID_HEADER, deletePlain, openPlain, postToPlain } from "./plain/dialect.ts";
import { accepted as acceptedResponse } from "./respond.ts";
import { openSessionStream } from "./streamable/resumption.ts";
import type { StreamSessions } from "./stream_session.ts";
import { handleStateless, type StatelessDeps } from "./stateless/request.ts";
import {
  openSession,
  postBatchToSession,
  postToSession,
  SESSION_ID_HEADER,
  type StreamableDeps,
} from "./streamable/dialect.ts";

/** What the dialects work with. */
export interface EndpointDeps extends StreamableDeps, StatelessDeps, ListenDeps {
  readonly catalog: Catalog;
  readonly plain: StreamSessions;
  readonly httpSse: StreamSessions;
  /** Whether its URL is the one that speaks the plain dialect too. */
  readonly isPlainUrl: boolean;
}

const NO_CAPABILITIES = {};

/** A POST, and what its headers say of the answer. */
interface Post {
  readonly request: Request;
  readonly headers: Headers;
  readonly peer: Peer;
  readonly accepted: Accepted;
  readonly version: string | null;
  /** Whether it wants an event stream and nothing else on the URL that speaks the plain dialect. */
  readonly wantsPlain: boolean;
}

/**
 * `POST` of the endpoint: any dialect's message.
 *
 * @param value of the body, undefined where there is none
 */
export function handlePost(
  deps: EndpointDeps,
  from: RequestContext,
  value: unknown,
): MaybePromise<Response> {
  const { request, headers, peer } = from;
  // Written with a capital for the same reason as Content-Type in body.ts.
  const accepted = parseAccept(headers.get("Accept"));
  const wantsPlain = deps.isPlainUrl && accepted.listsEventStream && !accepted.json;
  const connectionId = deps.isPlainUrl ? headers.get(CONNECTION_ID_HEADER) : null;
  if (value === undefined) {
    if (!wantsPlain || connectionId !== null) throw emptyBodyError();
    return openPlain(deps.plain, { request, peer, message: undefined });
  }
  checkDepth(value);
  const version = headers.get(VERSION_HEADER);
  const post: Post = { request, headers, peer, accepted, version, wantsPlain };
  if (Array.isArray(value)) return postBatch(deps, post, value);
  const message = parseMessage(value);
  try {
    if (isRequest(message)) deps.connections.admission.admitRequest();
    if (connectionId !== null) {
      return postToPlain(deps.plain, { id: connectionId, peer }, message);
    }
    const streamId = from.query === "" ? undefined : streamIdOf(from.query);
    if (streamId !== undefined) return postToHttpSse(deps.httpSse, { id: streamId, peer }, message);
    return route(deps, post, message);
  } catch (error) {
    // Whatever was wrong, the client learns which of its requests it was.
    const isAnswer = error instanceof ProtocolError && isRequest(message);
    throw isAnswer ? error.forRequest(message.id) : error;
  }
}

function route(deps: EndpointDeps, post: Post, message: JsonRpcMessage): MaybePromise<Response> {
  const { request, headers, peer, accepted, version } = post;
  if ("method" in message && isModern(message.params, version)) {
    if (isRequest(message)) return answerModern(deps, post, message);
    requireSupportedVersion(version);
    return acceptedResponse();
  }
  requireSupportedVersion(version);
  const sessionId = headers.get(SESSION_ID_HEADER);
  if (isRequest(message) && message.method === "initialize" && !speaksPlain(post)) {
    return openSession(deps, message, post);
  }
  if (sessionId !== null) {
    const session = deps.sessions.find(sessionId, peer);
    return postToSession(deps, session, post, message);
  }
  if (speaksPlain(post)) return openPlain(deps.plain, { request, peer, message });
  if (isRequest(message)) {
    return handleStateless(deps, {
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
  const sessionId = post.headers.get(SESSION_ID_HEADER);
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
export function handleGet(deps: EndpointDeps, from: RequestContext): Response {
  const { headers } = from;
  const { listsEventStream: namesEventStream } = parseAccept(headers.get("accept"));
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
  if (sessionId === null) return openHttpSse(deps.httpSse, from);
  return openSessionStream(deps, deps.sessions.find(sessionId, from.peer), from);
}

/** `DELETE` of the endpoint: the client ends what its header names. */
export function handleDelete(deps: EndpointDeps, { headers, peer }: RequestContext): Response {
  const connectionId = deps.isPlainUrl ? headers.get(CONNECTION_ID_HEADER) : null;
  if (connectionId !== null) return deletePlain(deps.plain, { id: connectionId, peer });
  requireSupportedVersion(headers.get(VERSION_HEADER));
  const sessionId = headers.get(SESSION_ID_HEADER);
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
function speaksPlain({ wantsPlain, version }: Post): boolean {
  return wantsPlain && version === null;
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

function streamIdOf(query: string): string | undefined {
  return new URLSearchParams(query).get(CONNECTION_ID_PARAM) ?? undefined;
}
