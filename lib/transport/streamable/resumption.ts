/**
 * GET of a 2025-era session: opens its own stream, or resumes a stream where the client lost it
 * (2025-11-25, basic/transports, Resumability). A client is told when events cannot be replayed.
 *
 * @module
 */
import { ProtocolError } from "../../base/errors.ts";
import { logFor } from "../../base/log.ts";
import type { Emit } from "../../base/observer.ts";
import { isPromise, type MaybePromise } from "../../base/promises.ts";
import { unknownOutcome } from "../../mcp/unknown_outcome.ts";
import type { EventStore, Frames } from "../../store/event_store.ts";
import type { StreamDriver } from "../../stream/stream_driver.ts";
import type { StreamRegistry } from "../../stream/stream_registry.ts";
import type { EventStream } from "../../stream/event_stream.ts";
import { toErrorResponse } from "../../wire/error_table.ts";
import { LAST_EVENT_ID, singleValue } from "../../wire/headers.ts";
import { notification } from "../../wire/json_rpc.ts";
import { formatEvent } from "../../wire/sse.ts";
import type { RequestContext } from "../request_head.ts";
import { eventStream } from "../respond.ts";
import { Carrier, REPLAY_CARRIER } from "./carrier.ts";
import { type EventPosition, finalPosition, isFinal } from "./event_ids.ts";
import { GET_OPENING, type ResumableStream, RETRY_MS } from "./resumable_stream.ts";
import type { StreamableSession } from "./session.ts";
import { isRepeatableStream } from "./stream_names.ts";
import type { Missed } from "./stream_events.ts";

/** Dependencies of resumption. */
export interface ResumptionDeps {
  readonly streams: StreamRegistry;
  readonly store: EventStore;
  readonly emit: Emit;
}

/** Opens the session's own stream (GET), or resumes the one that `Last-Event-ID` names. */
export function openSessionStream(
  deps: ResumptionDeps,
  session: StreamableSession,
  c: RequestContext,
): MaybePromise<Response> {
  const position = readLastEventId(session, c);
  if (position === undefined) return openStandalone(deps, session, c);
  const stream = session.stream(position.stream);
  const resumption = { session, position, c };
  if (stream === undefined) return replayEnded(deps, resumption);
  return stream.name === position.stream
    ? resume(deps, stream, resumption)
    : resumeRestored(deps, stream, resumption);
}

/** A client that comes back to a stream. */
export interface Resumption {
  readonly session: StreamableSession;
  /** The last event that it has. */
  readonly position: EventPosition;
  readonly c: RequestContext;
}

/** Opens a response that carries a stream. */
export function openCarrier(
  { streams }: Pick<ResumptionDeps, "streams">,
  c: RequestContext,
  driver: StreamDriver,
): EventStream {
  return streams.open(c, { driver, first: () => GET_OPENING });
}

function openStandalone(
  deps: ResumptionDeps,
  session: StreamableSession,
  c: RequestContext,
): Response {
  const { standalone } = session;
  const sseStream = openCarrier(deps, c, new Carrier(standalone, true));
  session.listen();
  const missed = standalone.undelivered();
  standalone.attach(sseStream, missed, (frames) => {
    reportReplay(deps.emit, session, frames);
    if (session.supportsPriming) standalone.prime(sseStream.retryMs ?? RETRY_MS);
    if (frames === undefined) notifyGap(session, standalone, missed.since);
  });
  return eventStream(sseStream);
}

/** The stream still has something to come. */
function resume(
  deps: ResumptionDeps,
  stream: ResumableStream,
  { session, position, c }: Resumption,
): Response {
  const sseStream = openCarrier(deps, c, new Carrier(stream, true));
  session.listen();
  const frames = deps.store.after(session.storeKey(stream.name), position.seq);
  return carryOn(deps, stream, sseStream, { session, since: position.seq, frames });
}

/** Makes a response carry a stream on, from the events after number `since`. */
export function carryOn(
  { emit }: Pick<ResumptionDeps, "emit">,
  stream: ResumableStream,
  sseStream: EventStream,
  { session, ...missed }: Missed & { readonly session: StreamableSession },
): Response {
  stream.attach(sseStream, missed, (settled) => {
    reportReplay(emit, session, settled);
    if (settled === undefined) notifyGap(session, stream, missed.since);
    // If the client loses the stream again before the next event, it needs an id.
    else if (settled.length === 0 && session.supportsPriming) {
      stream.prime(sseStream.retryMs ?? RETRY_MS);
    }
  });
  return eventStream(sseStream);
}

/**
 * The stream is older than a restart, and its last event is unknown. The stream that replaces it
 * reports the gap.
 */
function resumeRestored(
  deps: ResumptionDeps,
  stream: ResumableStream,
  { session, c }: Resumption,
): Response {
  const sseStream = openCarrier(deps, c, new Carrier(stream, true));
  session.listen();
  reportReplay(deps.emit, session, undefined);
  const missed = stream.undelivered();
  stream.attach(sseStream, missed, () => notifyGap(session, stream, missed.since));
  return eventStream(sseStream);
}

/**
 * The stream has ended; its events may still be in the store.
 *
 * @throws {ProtocolError} `method_not_allowed` where nothing is left to come
 */
export function replayEnded(deps: ResumptionDeps, resumption: Resumption): MaybePromise<Response> {
  const { session, position } = resumption;
  if (isFinal(position)) throw nothingLeft();
  const frames = deps.store.after(session.storeKey(position.stream), position.seq);
  return isPromise(frames)
    ? frames.then((settled) => replayFrames(deps, resumption, settled))
    : replayFrames(deps, resumption, frames);
}

function replayFrames(
  deps: ResumptionDeps,
  { session, position, c }: Resumption,
  frames: Frames | undefined,
): Response {
  // A client would come back to an empty stream again and again.
  if (frames?.length === 0) throw nothingLeft();
  const sseStream = openCarrier(deps, c, REPLAY_CARRIER);
  session.listen();
  reportReplay(deps.emit, session, frames);
  if (frames === undefined) sseStream.sendRaw(lostAnswer(session, position));
  else sseStream.replay(frames);
  sseStream.close("completed");
  return eventStream(sseStream);
}

function nothingLeft(): ProtocolError {
  return new ProtocolError(
    "method_not_allowed",
    "This stream has ended, and nothing came after Last-Event-ID; GET without it to listen",
    { headers: { allow: "POST, DELETE" } },
  );
}

const log = logFor("session");

/** Counts the events replayed to a client; `frames` is undefined if events are gone. */
export function reportReplay(
  emit: Emit,
  { state }: StreamableSession,
  frames: readonly unknown[] | undefined,
): void {
  if (frames === undefined) {
    emit("replayLost");
    log.info("Events gone", { protocol_version: state.version });
  } else if (frames.length > 0) emit("replayed", frames.length);
}

/**
 * Tells a client that events are gone, so that it reads the state anew.
 *
 * @param seq number of the last event that it knows
 */
export function notifyGap(
  session: StreamableSession,
  stream: ResumableStream,
  seq: number,
): void {
  const hint = stream === session.standalone
    ? "; if the server has restarted, subscribe again and set the log level again"
    : "";
  stream.write(notification("notifications/message", {
    level: "warning",
    logger: "lifeline",
    data: `Some events of this stream are gone and cannot be replayed${hint}`,
  }));
  stream.resendRequests(seq);
  if (stream !== session.standalone) return;
  for (const kind of ["tools", "resources", "prompts"]) {
    stream.write(notification(`notifications/${kind}/list_changed`));
  }
}

/**
 * The stream has ended and its events are gone, so the request fails instead of waiting for ever.
 * The call may have run, so the message must not make a client run it twice.
 */
export function lostAnswer(session: StreamableSession, position: EventPosition): string {
  const error = unknownOutcome(
    "internal_error",
    "The response to this request is gone and cannot be replayed",
    isRepeatableStream(position.stream),
  );
  return formatEvent({
    event: "message",
    id: session.eventIds.write(finalPosition(position)),
    data: JSON.stringify(toErrorResponse(error, position.requestId)),
  });
}

/**
 * The last event that a client has, where it names one.
 *
 * @throws {ProtocolError} `invalid_request` for an event of another session
 */
export function readLastEventId(
  session: StreamableSession,
  { headers }: RequestContext,
): EventPosition | undefined {
  const lastEventId = singleValue(headers, LAST_EVENT_ID);
  if (lastEventId === null) return undefined;
  const position = session.eventIds.read(lastEventId);
  if (position !== undefined) return position;
  throw new ProtocolError(
    "invalid_request",
    "Last-Event-ID is not an event of this session; GET without it to listen from now on",
  );
}
