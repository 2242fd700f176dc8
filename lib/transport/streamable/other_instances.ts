/**
 * Work of this instance for the others that share its sessions: it receives answers and
 * cancellations for calls that run here, releases streams that another instance carries, and
 * follows the records of sessions.
 *
 * @module
 */
import { ChangeBroadcasts } from "../../fleet/change_broadcasts.ts";
import type { Fleet } from "../../fleet/fleet.ts";
import type { ChangeBus } from "../../mcp/changes/change_bus.ts";
import { cancelCall } from "../../mcp/methods/notifications.ts";
import type { CatalogChange } from "../../registry/catalog.ts";
import {
  isObject,
  type JsonObject,
  type JsonRpcMessage,
  parseMessage,
} from "../../wire/json_rpc.ts";
import type { Body } from "../../fleet/messenger.ts";
import type { StreamableSession } from "./session.ts";
import type { SessionTable } from "./session_table.ts";

/** The parts of the endpoint that it serves. */
export interface OtherInstancesParts {
  readonly fleet: Fleet;
  readonly sessions: SessionTable;
  readonly changes: ChangeBus;
  /** Path of the endpoint whose sessions these are. */
  readonly path: string;
}

/** Most subscriptions that are taken from a record, the same as a session may have. */
const MAX_SUBSCRIPTIONS = 1_000;

/** Has the messages of other instances handled. */
export function serveOtherInstances({ fleet, sessions, changes, path }: OtherInstancesParts): void {
  const sessionOf = ({ key }: Body) => typeof key === "string" ? sessions.peek(key) : undefined;
  serveCalls(fleet, sessionOf);
  serveStreams(fleet, sessionOf);
  fleet.on("ended", (body, from) => {
    if (from !== fleet.me && typeof body.key === "string") sessions.endByKey(body.key);
  });
  fleet.on("record", (body, from) => {
    const shared = from === fleet.me ? undefined : sessionOf(body)?.shared;
    shared?.take(readRecord(body));
    if (body.isStale === true) shared?.setStale(body.changesTags === true);
  });
  const broadcasts = new ChangeBroadcasts(fleet, path);
  changes.publish = (changed) => broadcasts.add(changed);
  fleet.on("changes", ({ path: at, changes: changed }, from) => {
    if (from === fleet.me || at !== path || !Array.isArray(changed)) return;
    for (const change of changed) if (isChange(change)) changes.noteRemote(change);
  });
  fleet.onUp(() => {
    changes.noteMissed();
    for (const key of sessions.keys()) void checkEnded(fleet, sessions, key);
    for (const stream of fleet.carried.values()) stream.grown();
  });
}

type FindSession = (body: Body) => StreamableSession | undefined;

function serveCalls(fleet: Fleet, sessionOf: FindSession): void {
  fleet.on("answer", (body) => {
    const message = messageOf(body.response);
    if (message !== undefined && !("method" in message)) sessionOf(body)?.state.settle(message);
  });
  fleet.on("cancel", (body, from) => {
    const message = messageOf(body.message);
    if (from === fleet.me || message === undefined || !("method" in message) || "id" in message) {
      return;
    }
    const session = sessionOf(body);
    const id = isObject(message.params) ? message.params.requestId : undefined;
    const isHere = (typeof id === "string" || typeof id === "number") &&
      session?.state.inFlight.has(id);
    if (isHere && session !== undefined) {
      cancelCall(message.params, session.state.inFlight);
    } else fleet.calls.noteEarly(String(body.key), message);
  });
  fleet.on("message", (body) => {
    const message = messageOf(body.message);
    if (message !== undefined && "method" in message) sessionOf(body)?.standalone.write(message);
  });
}

function serveStreams(fleet: Fleet, sessionOf: FindSession): void {
  fleet.on("carry", async (body) => {
    const session = sessionOf(body);
    const name = String(body.stream);
    const stream = session?.stream(name);
    stream?.supersede();
    if (stream !== undefined) return true;
    // It has ended, but its end may not be kept yet.
    await fleet.writers.busy(`${body.key}/${name}`)?.whenIdle();
    return undefined;
  });
  fleet.on("carrier", (body, from) => {
    if (from !== fleet.me) sessionOf(body)?.setCarrier(from);
  });
  fleet.on("handOver", async (body, from) => {
    const session = sessionOf(body);
    if (session === undefined) return undefined;
    const { standalone } = session;
    session.setCarrier(from);
    await fleet.writers.busy(session.storeKey(standalone.name))?.whenIdle();
    return { stream: standalone.name, delivered: standalone.deliveredSeq };
  });
  fleet.on("grown", ({ stream }) => fleet.carried.get(String(stream))?.grown());
  fleet.on("taken", ({ stream }) => {
    const name = String(stream);
    fleet.carried.get(name)?.taken();
    const [key = "", ...rest] = name.split("/");
    sessionOf({ key })?.stream(rest.join("/"))?.supersede();
  });
}

/** A message that told the end of a session may have been lost. */
async function checkEnded(fleet: Fleet, sessions: SessionTable, key: string): Promise<void> {
  try {
    const record = await fleet.store.directory.readSession(key);
    if (record.isEnded) return sessions.endByKey(key);
    const shared = sessions.peek(key)?.shared;
    // A store that has come back empty gets the record again.
    if (Object.keys(record).length === 0) await shared?.restore();
    else {
      shared?.takeWhole(record);
      await shared?.saveAgain();
    }
  } catch (error) {
    fleet.failed("session", error);
  }
}

function messageOf(value: unknown): JsonRpcMessage | undefined {
  try {
    return parseMessage(value);
  } catch {
    return undefined;
  }
}

function readRecord({ logLevel, subscriptions }: JsonObject) {
  return {
    ...(typeof logLevel === "string" && { logLevel }),
    ...(Array.isArray(subscriptions) && {
      subscriptions: subscriptions.filter((uri) => typeof uri === "string")
        .slice(0, MAX_SUBSCRIPTIONS),
    }),
  };
}

function isChange(value: unknown): value is CatalogChange {
  if (!isObject(value)) return false;
  return value.kind === "resource"
    ? typeof value.uri === "string"
    : value.kind === "tools" || value.kind === "resources" || value.kind === "prompts";
}
