/**
 * The one endpoint: reads a request once, decides its dialect, and hands it there.
 *
 * @module
 */
import { ProtocolError } from "../base/errors.ts";
import type { MaybePromise } from "../base/promises.ts";
import type { TimerWheel } from "../base/timer_wheel.ts";
import type { McpServer } from "../mcp/server.ts";
import type { ConnectionRegistry } from "../stream/connection_registry.ts";
import { isRequest, type JsonRpcMessage, parseJson, parseMessage } from "../wire/json_rpc.ts";
import { type Accepted, parseAccept } from "../wire/media_types.ts";
import { type BodyLimits, readBody } from "./body.ts";
import type { Peer } from "./peer.ts";
import { CONNECTION_ID_HEADER, deletePlain, openPlain, postToPlain } from "./plain.ts";
import { answerOnce } from "./stateless.ts";

/** What the dialects work with. */
export interface EndpointDeps {
  readonly server: McpServer;
  readonly connections: ConnectionRegistry;
  readonly wheel: TimerWheel;
  readonly limits: BodyLimits;
}

/** A request on its way to a dialect. */
export interface EndpointRequest {
  readonly request: Request;
  readonly peer: Peer;
  /** Whether the URL is the one that speaks the plain dialect. */
  readonly isPlainUrl: boolean;
}

/** `POST` of the endpoint: any dialect's message. */
export async function handlePost(
  deps: EndpointDeps,
  from: EndpointRequest,
): Promise<Response> {
  const { request } = from;
  const text = await readBody(request, deps.limits, deps.wheel);
  const connectionId = request.headers.get(CONNECTION_ID_HEADER);
  if (connectionId !== null) {
    return postToPlain(deps, connectionId, parseMessage(parseJson(text)));
  }
  const accepted = parseAccept(request.headers.get("accept"));
  const isPlain = from.isPlainUrl && speaksPlain(accepted);
  if (isPlain && text === "") {
    return openPlain(deps, { ...from, message: undefined });
  }
  const message = parseMessage(parseJson(text));
  if (isPlain) return openPlain(deps, { ...from, message });
  return answer(deps, from, message);
}

/** `DELETE` of the endpoint: the client ends what its header names. */
export function handleDelete(
  deps: EndpointDeps,
  { request }: EndpointRequest,
): Response {
  const connectionId = request.headers.get(CONNECTION_ID_HEADER);
  if (connectionId !== null) return deletePlain(deps, connectionId);
  throw new ProtocolError(
    "invalid_request",
    "DELETE needs the header Mcp-Connection-Id, which names the connection to close",
  );
}

function answer(
  { server }: EndpointDeps,
  { request, peer }: EndpointRequest,
  message: JsonRpcMessage,
): MaybePromise<Response> {
  if (isRequest(message)) {
    return answerOnce(server, request, { message, caller: peer });
  }
  return new Response(null, { status: 202 });
}

/** Who wants an event stream and nothing else speaks the plain dialect. */
function speaksPlain({ json, namesEventStream }: Accepted): boolean {
  return namesEventStream && !json;
}
