/**
 * HTTP+SSE, the transport of 2024-11-05, which n8n's SSE mode and older clients use: a GET opens
 * the stream, and its first event names the endpoint for the client's messages.
 *
 * @module
 */
import type { StreamSnapshot } from "../../stream/snapshot.ts";
import { ProtocolError } from "../../base/errors.ts";
import type { MaybePromise } from "../../base/promises.ts";
import { comeBackMs } from "../../stream/planned_end.ts";
import type { JsonRpcMessage } from "../../wire/json_rpc.ts";
import { formatEvent, KEEPALIVE, retryField } from "../../wire/sse.ts";
import type { RequestOrigin } from "../peer.ts";
import type { RequestContext } from "../request_head.ts";
import { accepted, eventStream } from "../respond.ts";
import type { SessionDialect, SessionStreamDeps } from "../stream_session/session.ts";
import { StreamSessions } from "../stream_session/sessions.ts";

/** How soon a client comes back to a stream that it lost (ms). */
const RETRY_MS = 1_000;
/** Query parameter of the announced endpoint. */
export const CONNECTION_ID_PARAM = "connection_id";

const HTTP_SSE: SessionDialect = {
  name: "http_sse",
  beginsWithInitialize: true,
  responseEvent: () => "message",
  ping: () => KEEPALIVE,
  closingFrame: (reason) => {
    const retryMs = comeBackMs(reason);
    return retryMs === undefined ? undefined : retryField(retryMs);
  },
};

/** The 2024-11-05 streams of an app. */
export function createHttpSseSessions(deps: SessionStreamDeps): StreamSessions {
  return new StreamSessions(deps, HTTP_SSE);
}

/**
 * Opens a 2024-11-05 stream. The endpoint for its messages is announced as a query only, relative
 * to the stream's own URL, because a proxy or framework may serve the stream under an unknown path
 * (RFC 3986, section 5.2.2).
 */
export function openHttpSse(sessions: StreamSessions, c: RequestContext): Response {
  const { stream } = sessions.open({ origin: c, first: endpointEvent });
  return eventStream(stream);
}

function endpointEvent({ id }: StreamSnapshot): string {
  const data = `?${CONNECTION_ID_PARAM}=${id}`;
  return formatEvent({ event: "endpoint", data, retry: RETRY_MS });
}

/**
 * Takes a message for an open 2024-11-05 stream.
 *
 * @throws {ProtocolError} `connection_not_found`, also for another caller's stream
 */
export function postToHttpSse(
  sessions: StreamSessions,
  { id, origin }: { readonly id: string; readonly origin: RequestOrigin },
  message: JsonRpcMessage,
): MaybePromise<Response> {
  const brought = sessions.deliver(
    { id, client: origin.client, page: origin.page, message },
    streamNotFound,
  );
  return brought === undefined ? accepted() : brought.then(accepted);
}

function streamNotFound(): ProtocolError {
  return new ProtocolError(
    "connection_not_found",
    `No open stream has this ${CONNECTION_ID_PARAM}; open one with GET and use the endpoint ` +
      "that its first event names",
  );
}
