/**
 * GET of a 2025-era session: its own stream, and streams taken up again where a client lost them
 * (2025-11-25, basic/transports, Resumability). What cannot be replayed is told, never left out in
 * silence.
 *
 * @module
 */
import { ProtocolError } from "../../base/errors.ts";
import { logFor } from "../../base/log.ts";
import type { Emit } from "../../base/observer.ts";
import type { EventStore } from "../../store/event_store.ts";
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
import { OPENING, type ResumableStream, RETRY_MS } from "./resumable_stream.ts";
import type { StreamableSession } from "./session.ts";

/** What resumption works with. */
export interface ResumptionDeps {
  readonly connections: StreamRegistry;
  readonly store: EventStore;
  readonly emit: Emit;
}

/** Opens the session's own stream (GET), or resumes the one that `Last-Event-ID` names. */
export function openSessionStream(
  deps: ResumptionDeps,
  session: StreamableSession,
  { request, client, socket }: RequestContext,
): Response {
  const lastEventId = singleValue(request.headers, LAST_EVENT_ID);
  const resumption = lastEventId === null ? undefined : findMissed(deps, session, lastEventId);
  const stream = resumption === undefined ? session.standalone : resumption.stream;
  const driver = stream === undefined ? REPLAY_CARRIER : new Carrier(stream, true);
  const connection = deps.connections.open({ driver, client, socket });
  connection.open(OPENING, request);
  session.listen();
  if (resumption === undefined) startStandalone(deps, session, connection);
  else resume(deps, session, { ...resumption, connection });
  return eventStream(connection);
}

function startStandalone(
  { emit }: ResumptionDeps,
  session: StreamableSession,
  connection: EventStream,
): void {
  const { standalone } = session;
  const { deliveredSeq } = standalone;
  const missed = standalone.undelivered();
  reportReplay(emit, session, missed);
  connection.replay(missed ?? []);
  standalone.attach(connection);
  if (session.supportsPriming) standalone.prime(connection.retryMs ?? RETRY_MS);
  if (missed === undefined) notifyGap(session, standalone, deliveredSeq);
}

/** A stream that is to go on. */
interface Resumption {
  readonly position: EventPosition;
  /** The stream, unless all of it has been said. */
  readonly stream: ResumableStream | undefined;
  /** What was said meanwhile; undefined when some of it is gone. */
  readonly missed: readonly Uint8Array[] | undefined;
}

/** @throws {ProtocolError} `method_not_allowed` where nothing is left to come */
function findMissed(
  { store }: ResumptionDeps,
  session: StreamableSession,
  lastEventId: string,
): Resumption {
  const position = readPosition(session, lastEventId);
  const stream = session.stream(position.stream);
  const missed = store.after(session.storeKey(position.stream), position.seq);
  // A stream without anything would make clients come back again and again.
  if (stream === undefined && (isFinal(position) || missed?.length === 0)) {
    throw new ProtocolError(
      "method_not_allowed",
      "This stream has ended, and nothing came after Last-Event-ID; GET without it to listen",
      { headers: { allow: "POST, DELETE" } },
    );
  }
  return { position, stream, missed };
}

function resume(
  { emit }: ResumptionDeps,
  session: StreamableSession,
  { position, stream, missed, connection }: Resumption & { readonly connection: EventStream },
): void {
  reportReplay(emit, session, missed);
  connection.replay(missed ?? []);
  if (stream === undefined) {
    if (missed === undefined) connection.sendRaw(lostAnswer(session, position));
    return connection.close("completed");
  }
  if (stream.name !== position.stream) return resumeRestored(session, stream, connection);
  stream.attach(connection);
  if (missed === undefined) notifyGap(session, stream, position.seq);
  // A client that is cut again before the next event would not know where it was.
  else if (missed.length === 0 && session.supportsPriming) {
    stream.prime(connection.retryMs ?? RETRY_MS);
  }
}

/** The stream was one from before a restart, of which nobody knows what came last. */
function resumeRestored(
  session: StreamableSession,
  stream: ResumableStream,
  connection: EventStream,
): void {
  const { deliveredSeq } = stream;
  connection.replay(stream.undelivered() ?? []);
  stream.attach(connection);
  notifyGap(session, stream, deliveredSeq);
}

const log = logFor("session");

function reportReplay(
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
 * The client misses events that are gone, so it hears that it has to look for itself.
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

/** The stream has ended and its events are gone: the request fails, rather than wait for ever. */
function lostAnswer(session: StreamableSession, position: EventPosition): string {
  const error = new ProtocolError(
    "internal_error",
    "The response to this request is gone and cannot be replayed; send the request again",
  );
  return formatEvent({
    event: "message",
    id: session.eventIds.write(finalPosition(position)),
    data: JSON.stringify(toErrorResponse(error, position.requestId)),
  });
}

function readPosition(session: StreamableSession, lastEventId: string): EventPosition {
  const position = session.eventIds.read(lastEventId);
  if (position !== undefined) return position;
  throw new ProtocolError(
    "invalid_request",
    "Last-Event-ID is not an event of this session; GET without it to listen from now on",
  );
}
