/**
 * Streamable HTTP of 2025-03-26, 2025-06-18 and 2025-11-25: sessions, streams that can be resumed,
 * and requests from the server to the client.
 *
 * @module
 */
import type { Settings } from "../../base/settings.ts";
import { CallAborted } from "../../base/errors.ts";
import { randomId } from "../../base/ids.ts";
import { ignoreRejection, isOwnPromise, type MaybePromise } from "../../base/promises.ts";
import type { TimerWheel } from "../../base/timer_wheel.ts";
import type { Fleet } from "../../fleet/fleet.ts";
import { ClientState } from "../../mcp/session/client_state.ts";
import type { McpServer } from "../../mcp/server.ts";
import { isRepeatable } from "../../mcp/unknown_outcome.ts";
import {
  isRequest,
  isResponse,
  type JsonRpcMessage,
  type JsonRpcNotification,
  type JsonRpcRequest,
  type JsonRpcResponse,
} from "../../wire/json_rpc.ts";
import type { EventStream } from "../../stream/event_stream.ts";
import { SESSION_ID } from "../../wire/headers.ts";
import { callerOf } from "../caller.ts";
import type { Answers } from "../answers.ts";
import { runInPortions } from "../batch.ts";
import type { RequestContext } from "../request_head.ts";
import { accepted, eventStream } from "../respond.ts";
import { Carrier } from "./carrier.ts";
import { InitializeScope } from "./initialize_scope.ts";
import { OPENING } from "./resumable_stream.ts";
import { notifyGap, type ResumptionDeps } from "./resumption.ts";
import { ResponseScope } from "./response_scope.ts";
import type { SessionTable } from "./session_table.ts";
import type { StreamableSession } from "./session.ts";

/** Dependencies of Streamable HTTP. */
export interface StreamableDeps extends ResumptionDeps {
  readonly server: McpServer;
  readonly answers: Answers;
  readonly sessions: SessionTable;
  readonly wheel: TimerWheel;
  readonly settings: Pick<Settings, "MCP_REQUEST_TIMEOUT_MS">;
  readonly fleet?: Fleet | undefined;
}

/** Answers `initialize`: opens a session and returns its id, if the request is valid. */
export function openSession(
  deps: StreamableDeps,
  request: JsonRpcRequest,
  c: RequestContext,
): MaybePromise<Response> {
  const { server, sessions, streams, answers } = deps;
  const lease = streams.admission.enter(c, "session");
  const key = randomId("");
  const state = new ClientState(deps, callerOf(c.client));
  const response = server.dispatch(request, new InitializeScope(key, state), server.legacy);
  const answer = (response: JsonRpcResponse | undefined): Response => {
    const isOpened = response !== undefined && "result" in response;
    if (!isOpened) lease[Symbol.dispose]();
    if (response === undefined) return asJson(deps, response);
    const answered = c.accepted.json ? answers.json(response) : answers.event(response);
    if (isOpened) answered.headers.set(SESSION_ID, sessions.create({ key, state, lease }, c).id);
    return answered;
  };
  return isOwnPromise(response) ? response.then(answer) : answer(response);
}

/** Takes the message of a POST, and answers a request. */
export function postToSession(
  deps: StreamableDeps,
  session: StreamableSession,
  post: RequestContext,
  message: JsonRpcMessage,
): MaybePromise<Response> {
  if (isRequest(message)) return answerRequest(deps, session, post, message);
  const routed = take(deps, session, post, message);
  return routed === undefined ? accepted() : routed.then(accepted);
}

/** Takes the messages of a batch; the answers to its requests go back as one, or on a stream. */
export function postBatchToSession(
  deps: StreamableDeps,
  session: StreamableSession,
  post: RequestContext,
  messages: readonly JsonRpcMessage[],
): MaybePromise<Response> {
  const requests = messages.filter(isRequest);
  const routed: Promise<void>[] = [];
  for (const message of messages) {
    const sent = isRequest(message) ? undefined : take(deps, session, post, message);
    if (sent !== undefined) routed.push(ignoreRejection(sent));
  }
  if (requests.length === 0) {
    return routed.length === 0 ? accepted() : Promise.all(routed).then(accepted);
  }
  session.countRequests(requests.length);
  const scope = scopeOf(deps, session, post, requests);
  const begun = runInPortions(
    requests,
    (request) => afterSaving(session, deps.server.dispatch(request, scope, deps.server.legacy)),
  );
  const answer = (responses: StreamAnswer["responses"]) =>
    respondToBatch(deps, session, { post, scope, requests, responses });
  if (!isOwnPromise(begun)) return answer(begun);
  holdBody(deps, begun);
  return begun.then(answer);
}

/** Answers a batch whose requests have all begun. */
function respondToBatch(
  deps: StreamableDeps,
  session: StreamableSession,
  batch: StreamAnswer,
): MaybePromise<Response> {
  const { post: { accepted: { json, prefersStream } }, scope, responses } = batch;
  const isSettled = !responses.some(isOwnPromise) && scope.opened === undefined;
  if (prefersStream && !(isSettled && json)) return answerOnStream(deps, session, batch);
  return Promise.all(responses).then((settled) => {
    session.touch();
    return deps.answers.batch(settled.filter((response) => response !== undefined));
  });
}

/** Counts the body of a batch until all is answered: requests that begin later are still in it. */
function holdBody(
  { streams }: StreamableDeps,
  begun: Promise<StreamAnswer["responses"]>,
): void {
  const release = streams.admission.bodies.hold();
  if (release !== undefined) {
    void begun.then((responses) => Promise.allSettled(responses)).then(release, release);
  }
}

/** @returns settles once another instance has taken the message; undefined where this one has */
function take(
  deps: StreamableDeps,
  session: StreamableSession,
  post: RequestContext,
  message: JsonRpcNotification | JsonRpcResponse,
): Promise<void> | undefined {
  const { server, fleet } = deps;
  if (isResponse(message)) {
    const routed = fleet?.calls.answer(session.key, message);
    if (routed === undefined) session.state.settle(message);
    return routed;
  }
  fleet?.calls.cancel(session.key, message, session.state.inFlight);
  server.notify(message, scopeOf(deps, session, post, []), server.legacy);
  return undefined;
}

function answerRequest(
  deps: StreamableDeps,
  session: StreamableSession,
  post: RequestContext,
  request: JsonRpcRequest,
): MaybePromise<Response> {
  session.countRequests(1);
  const { fleet } = deps;
  if (fleet?.calls.isCancelled(session.key, request.id)) return accepted();
  const scope = scopeOf(deps, session, post, [request]);
  const response = afterSaving(
    session,
    deps.server.dispatch(request, scope, deps.server.legacy),
  );
  const answer = { post, scope, request, response };
  // The record is written before the answer, because the next request may go to another instance.
  const changes = session.shared?.changedBy(request.method);
  return fleet === undefined || changes === undefined
    ? respond(deps, session, answer)
    : fleet.sessions.save(session.key, changes).then(() => respond(deps, session, answer));
}

/** Delays the response of a call until the store has the values and tags that it changed. */
function afterSaving<T>({ shared }: StreamableSession, response: MaybePromise<T>): MaybePromise<T> {
  if (shared === undefined) return response;
  if (!isOwnPromise(response)) return shared.saved?.then(() => response) ?? response;
  return response.then((settled) => shared.saved?.then(() => settled) ?? settled);
}

/** Writes the response to a request in the form that its client takes. */
function respond(
  deps: StreamableDeps,
  session: StreamableSession,
  { post, scope, request, response }: {
    readonly post: RequestContext;
    readonly scope: ResponseScope;
    readonly request: JsonRpcRequest;
    readonly response: MaybePromise<JsonRpcResponse | undefined>;
  },
): MaybePromise<Response> {
  const { json, prefersStream } = post.accepted;
  if (isOwnPromise(response)) {
    if (!prefersStream) {
      return response.then((settled) => {
        session.touch();
        return asJson(deps, settled);
      });
    }
  } else if (!prefersStream || (json && scope.opened === undefined)) {
    return asJson(deps, response);
  } else if (scope.opened === undefined && response !== undefined) {
    const { answers, server } = deps;
    // Perf: only revisions with priming events need to know whether the request is repeatable.
    if (!session.supportsPriming) return answers.event(response);
    const isSafe = isRepeatable(request, server.context.catalog);
    return answers.eventStream(session.wholeStream(answers.text(response), request.id, isSafe));
  }
  return answerOnStream(deps, session, {
    post,
    scope,
    requests: [request],
    responses: [response],
  });
}

/** @param requests none for a notification, which has no response stream */
function scopeOf(
  { server }: Pick<StreamableDeps, "server">,
  session: StreamableSession,
  c: RequestContext,
  requests: readonly JsonRpcRequest[],
): ResponseScope {
  const isOnStream = requests.length > 0 && c.accepted.prefersStream;
  const requestId = requests.length === 1 ? requests[0]?.id : undefined;
  return new ResponseScope(session, {
    origin: c,
    requestId: isOnStream ? requestId : null,
    requests,
    catalog: server.context.catalog,
  });
}

function asJson({ answers }: StreamableDeps, response: JsonRpcResponse | undefined): Response {
  return response === undefined ? accepted() : answers.json(response);
}

/** The requests to answer on a stream. */
interface StreamAnswer {
  readonly post: RequestContext;
  readonly scope: ResponseScope;
  readonly requests: readonly JsonRpcRequest[];
  readonly responses: readonly MaybePromise<JsonRpcResponse | undefined>[];
}

function answerOnStream(
  deps: StreamableDeps,
  session: StreamableSession,
  answer: StreamAnswer,
): Response {
  const { scope, responses } = answer;
  const stream = scope.stream();
  const sseStream = openSseStream(deps, session, answer);
  scope.attach(sseStream, (since) => notifyGap(session, stream, since));
  stream.answer(responses, deps.answers, () => session.endStream(stream));
  return eventStream(sseStream);
}

function openSseStream(
  { streams }: StreamableDeps,
  session: StreamableSession,
  { post, scope, requests }: StreamAnswer,
): EventStream {
  const stream = scope.stream();
  try {
    return streams.open(post, { driver: new Carrier(stream, false), first: () => OPENING });
  } catch (error) {
    // Without a stream no client would get the answers.
    const reason = new CallAborted("limit");
    for (const { id } of requests) session.state.inFlight.cancel(id, reason);
    session.endStream(stream);
    throw error;
  }
}
