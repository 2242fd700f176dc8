/**
 * Types of the answer to `GET /mcp/connections`, which the connection view reads.
 *
 * @module
 */
import type { ProtocolErrorKind } from "../base/errors.ts";

/** The ledger, one page of the open connections, and what ended last. */
export interface LedgerView {
  readonly opened: number;
  readonly open: number;
  /** Ended streams with last bytes that the reader has not taken yet. */
  readonly lingering: number;
  /** How many ended, by close reason. */
  readonly closed: Readonly<Record<string, number>>;
  /** How many requests were refused, by limit. */
  readonly refused: Readonly<Record<string, number>>;
  /** Bytes that wait in all streams. */
  readonly queued_bytes: number;
  readonly heap_used_bytes: number;
  /** Present if the server listens beyond its machine without authorization. */
  readonly is_open_to_all?: true;
  /** How many of the open connections match the filter. */
  readonly matching: number;
  readonly connections: readonly ConnectionView[];
  /** Offset of the next page; absent on the last one. */
  readonly next_offset?: number;
  /** The servers behind this one, where it is a gateway. */
  readonly servers?: readonly ServerView[];
  /** Newest first. */
  readonly recent_closed: readonly ClosedView[];
  /** Newest first. */
  readonly recent_refused: readonly RefusedView[];
  /**
   * The instances that share a store, if there are several. The counts above are sums over those that
   * have answered.
   */
  readonly instances?: readonly InstanceView[];
}

/** One of several instances that share a store. */
export interface InstanceView {
  readonly name: string;
  /** Present if it has answered the request. */
  readonly is_here?: true;
  /** Present if it did not answer in time; its counts are absent then. */
  readonly is_silent?: true;
  readonly opened?: number;
  readonly open?: number;
  readonly lingering?: number;
  readonly queued_bytes?: number;
  readonly heap_used_bytes?: number;
}

/** The members of each row if several instances share a store. */
interface InstanceRow {
  /** Name of its instance. */
  readonly instance?: string;
}

/** An open connection. */
export interface ConnectionView extends InstanceRow {
  /** The beginning of its id: `DELETE` takes it, and it is not a key to the stream. */
  readonly id: string;
  readonly dialect: string;
  readonly client_ip: string;
  readonly user_agent: string;
  /**
   * Principal of its caller, if known; `DELETE` with it ends all streams and sessions of that
   * caller.
   */
  readonly principal?: string;
  /** The client that the caller's token was issued to. */
  readonly client_id?: string;
  readonly age_ms: number;
  readonly ping_count: number;
  readonly failed_pings: number;
  readonly queued_bytes: number;
  readonly sent_bytes: number;
  readonly requests_in_flight: number;
}

/** A server behind this one, with the processes or connections that it has. */
export interface ServerView {
  readonly name: string;
  readonly is_up: boolean;
  readonly starts: number;
  readonly restarts: number;
  /** Ends by reason. */
  readonly ends: Readonly<Record<string, number>>;
  readonly calls: number;
  readonly errors: number;
  /** Calls that wait for a free process. */
  readonly waiting: number;
  readonly children: readonly ChildView[];
}

/** A process of a server, or a connection to one elsewhere. */
export interface ChildView {
  /** `DELETE` takes it. It stays when the process is started anew. */
  readonly id: string;
  readonly policy: string;
  readonly state: string;
  readonly pid?: number;
  readonly clients: number;
  readonly age_ms: number;
  readonly calls: number;
  /** Requests that wait for its answer. */
  readonly requests_open: number;
  readonly queued_characters: number;
  /** The last lines of its stderr, the newest last. */
  readonly last_lines: readonly string[];
}

/** A connection that has ended. */
export interface ClosedView extends InstanceRow {
  /** When, as ISO 8601. */
  readonly at: string;
  readonly id: string;
  readonly dialect: string;
  readonly client_ip: string;
  readonly user_agent: string;
  readonly age_ms: number;
  readonly sent_bytes: number;
  readonly reason: string;
}

/** A request that was refused. */
export interface RefusedView extends InstanceRow {
  /** When, as ISO 8601. */
  readonly at: string;
  readonly method: string;
  /** Without its query, which may hold a secret. */
  readonly path: string;
  readonly client_ip: string;
  readonly status: number;
  readonly kind: ProtocolErrorKind;
  /** The error, and what would be right. */
  readonly message: string;
  /** Why a credential was refused, where that was the fault. */
  readonly reason?: string;
  /** The expected value as JSON. */
  readonly expected?: string;
  /** The received value as JSON; never the credential. */
  readonly given?: string;
}

/** How many streams and sessions of a principal were ended. */
export interface EndedCounts {
  readonly streams: number;
  readonly sessions: number;
  /** Instances that did not answer in time; absent if all did. */
  readonly silent_instances?: readonly string[];
}
