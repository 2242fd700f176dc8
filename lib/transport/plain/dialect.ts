/**
 * The plain dialect, Lifeline's own: one POST opens a stream with named events, for people with
 * curl, a browser or a few lines of code.
 *
 * POST   /mcp/sse                        welcome, then the response to the body's request POST
 * /mcp/sse  Mcp-Connection-Id: …  202; the response comes on that stream DELETE /mcp/sse
 * Mcp-Connection-Id: …  204; that stream is closed
 *
 * A client that measures how long a silence the path survives may ask for a slower ping with
 * `Mcp-Ping-Interval-Ms`. The response header of that name has the granted interval.
 *
 * @module
 */
import { ProtocolError } from "../../base/errors.ts";
import type { MaybePromise } from "../../base/promises.ts";
import { comeBackMs } from "../../stream/planned_end.ts";
import { CONNECTION_ID, onlyCopy, PING_INTERVAL } from "../../wire/headers.ts";
import { isRequest, type JsonRpcMessage } from "../../wire/json_rpc.ts";
import { type KeyedCallDeps, KeyedCalls, readIdempotencyKey } from "./keyed_calls.ts";
import type { CloseReason } from "../../stream/close_reason.ts";
import type { StreamSnapshot } from "../../stream/snapshot.ts";
import type { KnownHeaders } from "../../wire/known_headers.ts";
import { formatEvent, formatJson } from "../../wire/sse.ts";
import type { RequestOrigin } from "../peer.ts";
import type { RequestContext } from "../request_head.ts";
import { PingEvents } from "./ping_events.ts";
import { accepted, eventStream, STREAM_HEADERS } from "../respond.ts";
import type { SessionStreamDeps } from "../stream_session/session.ts";
import { StreamSessions } from "../stream_session/sessions.ts";

/** The plain streams of an app. */
export interface PlainStreams {
  readonly sessions: StreamSessions;
  readonly keyed: KeyedCalls;
}

/** Makes them. */
export function createPlainStreams(deps: SessionStreamDeps & KeyedCallDeps): PlainStreams {
  const pings = new PingEvents();
  const sessions = new StreamSessions(deps, {
    name: "plain",
    beginsWithInitialize: false,
    responseEvent: (response) => "error" in response ? "error" : "response",
    ping: (stream, pingCount) => pings.of(stream, pingCount),
    closingFrame,
  });
  return { sessions, keyed: new KeyedCalls(deps, sessions.encode) };
}

function closingFrame(
  reason: CloseReason,
  { id, pingCount, uptime }: StreamSnapshot,
): string {
  const data = { reason, connection_id: id, ping_count: pingCount, uptime };
  const retry = comeBackMs(reason);
  return formatEvent({
    event: "close",
    data: JSON.stringify({ event: "close", data }),
    ...(retry !== undefined && { retry }),
  });
}

/**
 * Opens a plain stream.
 *
 * @param message of the body, answered on the stream; undefined for an empty body
 * @throws {ProtocolError} when a limit is reached or the server drains, or for a ping interval that
 * is not a number
 */
export function openPlain(
  { sessions, keyed }: PlainStreams,
  c: RequestContext,
  message: JsonRpcMessage | undefined,
): Response {
  const key = message !== undefined && isRequest(message) ? readIdempotencyKey(c) : undefined;
  const { streams } = sessions;
  const pingIntervalMs = streams.clampPingInterval(readPingInterval(c.known));
  const session = sessions.open({ origin: c, first: welcomeEvent, pingIntervalMs });
  const { stream } = session;
  // Nothing runs for a client that has left already, because nothing could stop it any more.
  if (message !== undefined && stream.state === "open") {
    if (key !== undefined && isRequest(message)) keyed.take(session, key, message);
    else session.take(message, c.client);
  }
  return eventStream(stream, {
    ...STREAM_HEADERS,
    [CONNECTION_ID]: stream.id,
    [PING_INTERVAL]: String(pingIntervalMs),
  });
}

function welcomeEvent({ id }: StreamSnapshot): string {
  const result = { status: "connected", connection_id: id };
  return formatJson({ jsonrpc: "2.0", result, id: "welcome" }, "welcome");
}

/** A reference to an open plain stream by its id. */
export interface PlainReference {
  readonly id: string;
  readonly origin: RequestOrigin;
}

/**
 * Takes a further message for an open plain stream.
 *
 * @throws {ProtocolError} `connection_not_found`, also for another caller's stream
 */
export function postToPlain(
  sessions: StreamSessions,
  reference: PlainReference,
  message: JsonRpcMessage,
): MaybePromise<Response> {
  const { id, origin: { client, page } } = reference;
  const brought = sessions.deliver({ id, client, page, message }, streamNotFound);
  return brought === undefined ? accepted() : brought.then(accepted);
}

/** Closes a plain stream because its client asks for it. */
export function deletePlain(
  sessions: StreamSessions,
  { id, origin: { client, page } }: PlainReference,
): MaybePromise<Response> {
  const brought = sessions.deliver({ id, client, page, message: undefined }, streamNotFound);
  return brought === undefined ? noContent() : brought.then(noContent);
}

function noContent(): Response {
  return new Response(null, { status: 204 });
}

function readPingInterval(known: KnownHeaders): number | undefined {
  const text = onlyCopy(known.pingInterval, PING_INTERVAL);
  if (text === null) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new ProtocolError(
    "invalid_request",
    "Mcp-Ping-Interval-Ms must be a whole number of milliseconds",
  );
}

function streamNotFound(): ProtocolError {
  return new ProtocolError(
    "connection_not_found",
    "No open connection has the id in Mcp-Connection-Id; open one with POST /mcp/sse and use the " +
      "id that its welcome event gives",
  );
}
