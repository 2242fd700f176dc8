import type { Settings } from "../../base/settings.ts";
import type { Signer } from "../../base/signer.ts";
import type { TimerWheel } from "../../base/timer_wheel.ts";
import type { Fleet } from "../../fleet/fleet.ts";
import type { ClientState } from "../../mcp/session/client_state.ts";
import type { EventStore } from "../../store/event_store.ts";
import type { ResumableSettings } from "./resumable_stream.ts";

/** Settings of a session. */
export type SessionSettings = Pick<Settings, "MCP_SESSION_IDLE_MS"> & ResumableSettings;

/** Parts of a session. */
export interface SessionParts<Session> {
  /** The id its client sends. */
  readonly id: string;
  /** Random key of the session, under which the server knows it. */
  readonly key: string;
  /** Its client, which has sent `initialize`. */
  readonly state: ClientState;
  readonly signer: Signer;
  readonly store: EventStore;
  /** The instances that share the session, where there are several. */
  readonly fleet?: Fleet | undefined;
  readonly wheel: TimerWheel;
  readonly settings: SessionSettings;
  /** Called once, when it has been idle for its time. */
  readonly onIdle: (session: Session) => void;
}
