/**
 * HTTP+SSE, the transport of 2024-11-05, which n8n's SSE mode and older clients use:
 * a GET opens the stream, whose first event names the endpoint that takes the client's messages.
 *
 * @module
 */
import { ProtocolError } from "../../base/errors.ts";
import type { JsonRpcMessage } from "../../wire/json_rpc.ts";
import { encodeEvent, KEEPALIVE } from "../../wire/sse.ts";
import type { Peer } from "../peer.ts";
import { accepted, eventStream } from "../respond.ts";
import {
  findStream,
  type SessionDialect,
  type SessionStreamDeps,
  StreamSession,
} from "../stream_session.ts";

/** Query parameter of the announced endpoint. */
export const CONNECTION_ID_PARAM = "connection_id";

const HTTP_SSE: SessionDialect = {
  beginsWithInitialize: true,
  responseEvent: () => "message",
  sse: { name: "http_sse", isLongLived: true, ping: () => KEEPALIVE },
};

/**
 * Opens a 2024-11-05 stream.
 *
 * @param path of the request, under which its messages are to be POSTed
 */
export function openHttpSse(
  deps: SessionStreamDeps,
  from: { readonly request: Request; readonly peer: Peer; readonly path: string },
): Response {
  const { connection } = new StreamSession(deps, HTTP_SSE, from);
  const endpoint = `${from.path}?${CONNECTION_ID_PARAM}=${connection.id}`;
  connection.open(encodeEvent({ event: "endpoint", data: endpoint }), from.request);
  return eventStream(connection);
}

/**
 * Takes a message for an open 2024-11-05 stream.
 *
 * @throws {ProtocolError} `connection_not_found`, or `forbidden` for somebody else's
 */
export function postToHttpSse(
  deps: SessionStreamDeps,
  reference: { readonly id: string; readonly peer: Peer },
  message: JsonRpcMessage,
): Response {
  const stream = findStream(deps, { ...reference, dialect: HTTP_SSE });
  if (stream === undefined) {
    throw new ProtocolError(
      "connection_not_found",
      `No open stream has this ${CONNECTION_ID_PARAM}; open one with GET and use the endpoint ` +
        "that its first event names",
    );
  }
  stream.take(message);
  return accepted();
}
