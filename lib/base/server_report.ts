/**
 * The gateway's reports on the servers behind it, for metrics, readiness and the connection view.
 *
 * @module
 */

/** Who uses a child: all clients, one session, or one call of a client that can be asked at a time. */
export const CHILD_POLICIES = ["shared", "session", "asking"] as const;
export type ChildPolicy = (typeof CHILD_POLICIES)[number];

/**
 * Why a child ended: by itself (`crashed`), because it could not be used (`unusable`), because its
 * clients were idle or gone (`idle`, `session_ended`), to make room for another session
 * (`evicted`), by the operator (`restarted`), or with the gateway (`drain`).
 */
export const CHILD_ENDS = [
  "crashed",
  "unusable",
  "idle",
  "session_ended",
  "evicted",
  "restarted",
  "drain",
] as const;
export type ChildEnd = (typeof CHILD_ENDS)[number];

/**
 * State of a child: a `waiting` one is started when its turn comes, and a `broken` one ended so often
 * that it is not started for a while.
 */
export type ChildState = "waiting" | "starting" | "up" | "down" | "broken";

/** One child: the process or the connection of a server for some of the clients. */
export interface ChildReport {
  /** Names it for {@linkcode ServersBehind.restart}; it stays when the process is started anew. */
  readonly id: string;
  readonly policy: ChildPolicy;
  readonly state: ChildState;
  /** Undefined for a remote server, and while no process runs. */
  readonly pid: number | undefined;
  /** Sessions that use it; for `asking`, the call that it runs. */
  readonly clients: number;
  /** Since the process was started (ms); 0 while none runs. */
  readonly ageMs: number;
  /** Requests that it was sent. */
  readonly calls: number;
  /** Requests that wait for its answer. */
  readonly open: number;
  /** Text that waits for it to read, in characters. */
  readonly queued: number;
  /** The last lines of its stderr, the newest last. */
  readonly lastLines: readonly string[];
}

/** A server behind this one, with all its children. */
export interface ServerReport {
  readonly name: string;
  /** Of the endpoint that serves it alone, or of the only one. */
  readonly path: string;
  /** Whether the child that lists its features is connected. */
  readonly isUp: boolean;
  /** Why it is not, in the words that clients may read; empty while it is up. */
  readonly why: string;
  /** Processes that were started: as many as run, and those that ended. */
  readonly starts: number;
  /** Starts in place of a process that had ended. */
  readonly restarts: number;
  /** Processes that ended, by reason. */
  readonly ends: Readonly<Record<ChildEnd, number>>;
  /** Requests that were sent to it. */
  readonly calls: number;
  /** Requests that failed, and tool results that are errors. */
  readonly errors: number;
  /** Calls that wait for a free child. */
  readonly waiting: number;
  readonly children: readonly ChildReport[];
}

/** The servers behind a gateway. */
export interface ServersBehind {
  reports(): readonly ServerReport[];
  /**
   * Ends a child's process and starts it anew.
   *
   * @returns its name and the process that it had; undefined if there is no such child
   */
  restart(id: string): { readonly server: string; readonly pid: number | undefined } | undefined;
}
