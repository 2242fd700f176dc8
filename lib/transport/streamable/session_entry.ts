import type { Settings } from "../../base/settings.ts";
import type { Identity } from "../../base/identity.ts";
import type { Emit } from "../../base/observer.ts";
import type { Signer } from "../../base/signer.ts";
import type { TimerWheel } from "../../base/timer_wheel.ts";
import type { Fleet } from "../../fleet/fleet.ts";
import type { ChangeBus } from "../../mcp/changes/change_bus.ts";
import type { ClientState } from "../../mcp/session/client_state.ts";
import type { EventStore } from "../../store/event_store.ts";
import type { Admission } from "../../stream/admit/admission.ts";
import type { Lease } from "../../stream/admit/slots.ts";
import type { Owner } from "../peer.ts";
import type { StreamableSession } from "./session.ts";
import type { SessionSettings } from "./session_parts.ts";
import type { SessionToken } from "./session_token.ts";

/** Dependencies of the table. */
export interface SessionTableOptions {
  readonly admission: Admission;
  readonly signer: Signer;
  readonly store: EventStore;
  /** The instances that share the sessions, where there are several. */
  readonly fleet?: Fleet | undefined;
  readonly changes: ChangeBus;
  readonly wheel: TimerWheel;
  readonly settings:
    & SessionSettings
    & Pick<
      Settings,
      | "MCP_MAX_SESSIONS"
      | "MCP_MAX_SESSIONS_PER_CLIENT"
      | "MCP_REQUEST_TIMEOUT_MS"
      | "MCP_SESSION_MAX_MS"
    >;
  /** Told of every session that opens and ends. */
  readonly emit?: Emit;
}

/** A session to be. */
export interface SessionOpening {
  /** Random; servers know the session by it. */
  readonly key: string;
  /** State of the client that has sent `initialize`. */
  readonly state: ClientState;
  /** Its place among all sessions in memory. */
  readonly lease: Lease;
}

/** A session in memory with its verified token. */
export interface SessionEntry extends Owner {
  readonly session: StreamableSession;
  readonly lease: Lease;
  readonly listening: Disposable;
  readonly token: SessionToken;
  /** The key for limits: that of the client that opened or restored it. */
  readonly clientKey: string;
}

/** The id of a session, its token, and its owner. */
export interface IssuedId {
  readonly id: string;
  readonly token: SessionToken;
  readonly identity: Identity | undefined;
  readonly clientKey: string;
}

/** Number of the oldest sessions that are checked for one that is not busy. */
const EVICTION_LOOK = 100;

/**
 * The session to drop where there are too many: the one unused for longest, one that is not busy if
 * there is one.
 *
 * @param candidates the least recently used first
 */
export function leastNeeded(candidates: Iterable<SessionEntry>): SessionEntry | undefined {
  const looked = Iterator.from(candidates).take(EVICTION_LOOK).toArray();
  return looked.find((kept) => !kept.session.isBusy) ?? looked[0];
}
