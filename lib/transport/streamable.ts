/**
 * Streamable HTTP of 2025-03-26, 2025-06-18 and 2025-11-25: sessions, streams that can be resumed,
 * and requests from the server to the client.
 *
 * @module
 */
import { CallAborted } from "../base/errors.ts";
import { isPromise, type MaybePromise } from "../base/promises.ts";
import { LEGACY_METHODS } from "../mcp/legacy_methods.ts";
import { agreementOf } from "../mcp/legacy_session.ts";
import type { McpServer } from "../mcp/server.ts";
import {
  isRequest,
  isResponse,
  type JsonRpcMessage,
  type JsonRpcRequest,
  type JsonRpcResponse,
} from "../wire/json_rpc.ts";
import type { Accepted } from "../wire/media_types.ts";
import { clientKey, type Peer, streamClient } from "./peer.ts";
import { accepted, eventStream, jsonResponse, oneEvent, written } from "./respond.ts";
import { OPENING, RESUMABLE } from "./resumable_stream.ts";
import { type ResumptionDeps, tellGap } from "./resumption.ts";
import { SessionExchange } from "./session_exchange.ts";
import type { SessionTable } from "./session_table.ts";
import type { StreamableSession } from "./streamable_session.ts";

export const SESSION_ID_HEADER = "mcp-session-id";

/** What Streamable HTTP works with. */
export interface StreamableDeps extends ResumptionDeps {
  readonly server: McpServer;
  readonly sessions: SessionTable;
}

/** A POST on its way into a session. */
export interface StreamablePost {
  readonly request: Request;
  readonly peer: Peer;
  readonly accepted: Accepted;
  readonly messages: readonly JsonRpcMessage[];
  /** Whether the messages came as a batch, and their answers go back as one. */
  readonly isBatch: boolean;
}

/** Answers `initialize`: opens a session and tells its id. */
export function openSession(
  { server, sessions, connections }: StreamableDeps,
  request: JsonRpcRequest,
  { peer, accepted }: { readonly peer: Peer; readonly accepted: Accepted },
): Response {
  connections.admission.admitSession(clientKey(peer));
  const session = sessions.create(agreementOf(request.params ?? {}), peer);
  const exchange = new SessionExchange(session, { peer, requestId: null });
  const response = server.dispatch(request, exchange, LEGACY_METHODS);
  if (response === undefined || isPromise(response)) {
    throw new TypeError("initialize was not answered at once");
  }
  const answer = accepted.json ? jsonResponse(response) : oneEvent(response);
  if ("error" in response) sessions.delete(session);
  else answer.headers.set(SESSION_ID_HEADER, session.id);
  return answer;
}

/** Takes the messages of a POST and answers its requests, as JSON or on a stream. */
export function postToSession(
  deps: StreamableDeps,
  session: StreamableSession,
  post: StreamablePost,
): MaybePromise<Response> {
  const requests = post.messages.filter(isRequest);
  for (const message of post.messages) {
    if (isResponse(message)) session.state.settle(message);
    else if (!isRequest(message)) {
      const exchange = new SessionExchange(session, { peer: post.peer, requestId: null });
      deps.server.notify(message, exchange, LEGACY_METHODS);
    }
  }
  session.countRequests(requests.length);
  return requests.length === 0 ? accepted() : answerRequests(deps, session, { post, requests });
}

function answerRequests(
  deps: StreamableDeps,
  session: StreamableSession,
  { post, requests }: {
    readonly post: StreamablePost;
    readonly requests: readonly JsonRpcRequest[];
  },
): MaybePromise<Response> {
  const requestId = requests.length === 1 ? requests[0]?.id : undefined;
  const exchange = new SessionExchange(session, {
    peer: post.peer,
    requestId: post.accepted.eventStream ? requestId : null,
  });
  const responses = requests.map((request) =>
    deps.server.dispatch(request, exchange, LEGACY_METHODS)
  );
  const pack = (settled: readonly (JsonRpcResponse | undefined)[]): Response => {
    const answers = settled.filter((response) => response !== undefined);
    if (post.isBatch) return jsonResponse(answers);
    return answers[0] === undefined ? accepted() : written(answers[0], (one) => jsonResponse(one));
  };
  if (!post.accepted.eventStream) return Promise.all(responses).then(pack);
  const isSettled = !responses.some(isPromise) && exchange.opened === undefined;
  if (isSettled && post.accepted.json) return pack(responses as (JsonRpcResponse | undefined)[]);
  try {
    return answerOnStream(deps, session, { post, exchange, responses });
  } catch (error) {
    // No stream is to be had: nobody would ever collect the answers.
    const reason = new CallAborted("limit");
    for (const { id } of requests) session.state.inFlight.cancel(id, reason);
    session.endStream(exchange.stream());
    throw error;
  }
}

/** What is to be answered on a stream. */
interface StreamAnswer {
  readonly post: StreamablePost;
  readonly exchange: SessionExchange;
  readonly responses: readonly MaybePromise<JsonRpcResponse | undefined>[];
}

function answerOnStream(
  deps: StreamableDeps,
  session: StreamableSession,
  { post, exchange, responses }: StreamAnswer,
): Response {
  const stream = exchange.stream();
  const client = streamClient(post.request, post.peer);
  const connection = deps.connections.open({ dialect: RESUMABLE, client, work: stream });
  connection.open(OPENING, post.request.signal);
  // What the handler sent before it first waited is in the store.
  const { carried } = stream;
  const frames = stream.uncarried();
  connection.replay(frames ?? []);
  exchange.carryBy(connection);
  if (frames === undefined) tellGap(session, stream, carried);
  stream.pending = responses.length;
  for (const response of responses) {
    void Promise.resolve(response).then((settled) => {
      if (settled !== undefined) written(settled, (one) => stream.write(one));
      stream.pending--;
      if (stream.pending === 0) session.endStream(stream);
    });
  }
  return eventStream(connection);
}
