/**
 * GET of a session that several instances share: at any instance the client gets the missed events
 * and all later ones.
 *
 * @module
 */
import type { MaybePromise } from "../../base/promises.ts";
import type { Fleet } from "../../fleet/fleet.ts";
import { changeNotification } from "../../mcp/changes/change_bus.ts";
import type { Frames } from "../../store/event_store.ts";
import type { EventStream } from "../../stream/event_stream.ts";
import { QUIET_DRIVER } from "../../stream/stream_driver.ts";
import { isObject } from "../../wire/json_rpc.ts";
import { KEEPALIVE } from "../../wire/sse.ts";
import type { RequestContext } from "../request_head.ts";
import { eventStream } from "../respond.ts";
import { Carrier, closingFrame } from "./carrier.ts";
import { type EventPosition, isFinal } from "./event_ids.ts";
import { RemoteStream } from "./remote_stream.ts";
import { type ResumableStream, RETRY_MS } from "./resumable_stream.ts";
import {
  carryOn,
  lostAnswer,
  notifyGap,
  openCarrier,
  readLastEventId,
  replayEnded,
  reportReplay,
  type Resumption,
  type ResumptionDeps,
} from "./resumption.ts";
import type { StreamableSession } from "./session.ts";

const ENCODER = new TextEncoder();

/** The parts of resumption if instances share sessions. */
export interface SharedResumptionDeps extends ResumptionDeps {
  readonly fleet: Fleet;
}

/** Opens the session's own stream (GET), or resumes the one that `Last-Event-ID` names. */
export function openSharedStream(
  deps: SharedResumptionDeps,
  session: StreamableSession,
  c: RequestContext,
): MaybePromise<Response> {
  const position = readLastEventId(session, c);
  if (position === undefined) return openStandalone(deps, { session, c, position });
  const resumption = { session, position, c };
  if (isFinal(position)) return replayEnded(deps, resumption);
  const stream = session.stream(position.stream);
  if (stream === session.standalone) return openStandalone(deps, resumption);
  const writer = deps.fleet.writerOf(position.stream);
  if (writer !== undefined) return openRemote(deps, resumption, writer);
  if (stream !== undefined) return resumeOwn(deps, resumption, stream);
  // The store takes what waits for it before it is read.
  deps.fleet.writers.busy(session.storeKey(position.stream))?.flush();
  return replayEnded(deps, resumption);
}

/** The call runs here, and another instance may have carried its stream meanwhile. */
function resumeOwn(
  { fleet, ...deps }: SharedResumptionDeps,
  { session, position: { seq: since }, c }: Resumption,
  stream: ResumableStream,
): Response {
  const sseStream = openCarrier(deps, c, new Carrier(stream, true));
  const key = session.storeKey(stream.name);
  // If no event is stored yet, nothing was sent after the first event.
  const none = () => since >= stream.releasedSeq ? [] : undefined;
  const frames = fleet.store.events.carry(key, since, true).then(
    ({ tail }) => tail === undefined ? none() : tail.frames,
    (error) => {
      fleet.failed("carry", error);
      return undefined;
    },
  );
  return carryOn(deps, stream, sseStream, { session, since, frames });
}

/** The call runs at another instance, or did. */
function openRemote(
  { fleet, ...deps }: SharedResumptionDeps,
  { session, position, c }: Resumption,
  writer: string,
): Response {
  const carried: { remote?: RemoteStream } = {};
  const sseStream = openCarrier(deps, c, {
    ...QUIET_DRIVER,
    name: "streamable",
    isLongLived: true,
    ping: () => KEEPALIVE,
    closingFrame,
    onEnded: () => carried.remote?.stop(),
  });
  if (sseStream.state !== "open") return eventStream(sseStream);
  const remote = carried.remote = new RemoteStream({
    fleet,
    key: session.storeKey(position.stream),
    sessionKey: session.key,
    name: position.stream,
    writer,
    since: position.seq,
    sseStream,
    lostEvent: () => ENCODER.encode(lostAnswer(session, position)),
    onReplayed: (frames) => reportReplay(deps.emit, session, frames),
  });
  remote.start();
  return eventStream(sseStream);
}

/** A client that opens the session's own stream, or comes back to it. */
interface StandaloneOpening {
  readonly session: StreamableSession;
  readonly c: RequestContext;
  readonly position: EventPosition | undefined;
}

function openStandalone(deps: SharedResumptionDeps, opening: StandaloneOpening): Response {
  const { session, c } = opening;
  const sseStream = openCarrier(deps, c, new Carrier(session.standalone, true));
  void carryStandalone(deps, opening, sseStream);
  return eventStream(sseStream);
}

/** Takes the session's own stream from the instance that carried it, with what that one has kept. */
async function carryStandalone(
  { fleet, emit, store }: SharedResumptionDeps,
  { session, position }: StandaloneOpening,
  sseStream: EventStream,
): Promise<void> {
  const { standalone } = session;
  const { before, isLost } = await takeOver(fleet, session);
  const isElsewhere = position !== undefined && position.stream !== standalone.name;
  const from = isElsewhere ? position : before;
  const earlier = from === undefined ? [] : await readLog(fleet, session, from);
  // The session may have ended while the store was asked.
  if (session.isOver) return sseStream.close("disconnected");
  if (sseStream.state !== "open") return;
  sseStream.replay(earlier ?? []);
  const missed = position !== undefined && position.stream === standalone.name
    ? { since: position.seq, frames: store.after(session.storeKey(standalone.name), position.seq) }
    : standalone.undelivered();
  standalone.attach(sseStream, missed, (frames) => {
    const isWhole = frames !== undefined && earlier !== undefined;
    reportReplay(emit, session, isWhole ? [...earlier, ...frames] : undefined);
    if (session.supportsPriming) standalone.prime(sseStream.retryMs ?? RETRY_MS);
    if (!isWhole) notifyGap(session, standalone, missed.since);
    else if (isLost) announceAll(session);
  });
}

/** The position at which the former instance stopped. */
interface HandedOver {
  readonly stream: string;
  /** Number of the last event that some response carried. */
  readonly seq: number;
}

/** The outcome for the instance that carried a session's own stream. */
interface Taken {
  /** The position at which it stopped; undefined if there was none, or if it did not answer. */
  readonly before?: HandedOver;
  /** Whether changes may have been missed, because it is dead or did not answer. */
  readonly isLost: boolean;
}

async function takeOver(fleet: Fleet, session: StreamableSession): Promise<Taken> {
  const { key } = session;
  // From now on this instance stores changes, so that none is lost.
  session.setCarrier(fleet.me);
  try {
    const { carrier } = await fleet.store.directory.takeSession(key);
    fleet.broadcast("carrier", { key });
    if (carrier === undefined || carrier === fleet.me) return { isLost: false };
    if (await fleet.stateOf(carrier) === "dead") return { isLost: true };
    const reply = await fleet.ask(carrier, "handOver", { key });
    const { stream, delivered } = isObject(reply) ? reply : {};
    return typeof stream === "string" && typeof delivered === "number"
      ? { before: { stream, seq: delivered }, isLost: false }
      : { isLost: true };
  } catch (error) {
    fleet.failed("carry", error);
    return { isLost: true };
  }
}

/**
 * Sends one notification for everything that may have changed, so that the client reads it again.
 */
function announceAll({ standalone, state }: StreamableSession): void {
  for (const kind of ["tools", "resources", "prompts"] as const) {
    standalone.write(changeNotification({ kind }));
  }
  for (const uri of state.subscriptions) {
    standalone.write(changeNotification({ kind: "resource", uri }));
  }
}

/** The events of a session's own stream that another instance stored; empty if it stored none. */
async function readLog(
  fleet: Fleet,
  session: StreamableSession,
  { stream, seq }: Pick<EventPosition, "stream" | "seq">,
): Promise<Frames | undefined> {
  try {
    const tail = await fleet.store.events.after(session.storeKey(stream), seq);
    return tail === undefined ? undefined : tail.frames;
  } catch (error) {
    fleet.failed("after", error);
    return undefined;
  }
}
