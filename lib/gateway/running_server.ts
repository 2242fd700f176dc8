/**
 * A running server, and the options to run one.
 *
 * @module
 */
import type { ChildPolicy } from "../base/server_report.ts";
import type { MaybePromise } from "../base/promises.ts";
import type { JsonObject } from "../wire/json_rpc.ts";
import type { ChannelLimits, ServerStreams } from "./channel.ts";
import type { KnownEntries } from "./known_entries.ts";
import type { KnownEra, Protocol } from "./handshake.ts";
import type { AnswerQuestion } from "./server_questions.ts";
import type { EndTurn } from "./start_turns.ts";
import type { ServerTally } from "./tally.ts";

/** A running server. */
export interface RunningServer extends ServerStreams {
  /** Its process; undefined for a server elsewhere. */
  readonly pid?: number | undefined;
  /** Whether it is elsewhere: then its last lines are the reasons themselves. */
  readonly isRemote?: boolean;
  /** The last lines of its stderr, the newest last. */
  lastLines(): readonly string[];
  /** Resolves when it has ended, to words that say how. */
  readonly ended: Promise<string>;
  /** Ends it and every process that it started. Never rejects. */
  end(): Promise<void>;
}

/**
 * When a server is started again after its end: at once, at the next request, or only by an
 * operator.
 */
export const RESTARTS = ["always", "on-request", "never"] as const;
export type Restart = (typeof RESTARTS)[number];

/** Dependencies of a {@linkcode GatewayServer}. */
export interface GatewayServerOptions {
  /** Names it in errors and logs. */
  readonly name: string;
  readonly version: string;
  /** @throws {Error} saying why it cannot be started */
  readonly start: () => RunningServer;
  /** Takes a turn before each start; default: it starts at once. */
  readonly takeTurn?: (signal: AbortSignal) => MaybePromise<EndTurn>;
  readonly limits: ChannelLimits;
  /** Time to answer `initialize` and to list all features (ms). */
  readonly startMs: number;
  readonly now: () => number;
  /** Whether clients are not told why the server ended, as these are its own words; default: no. */
  readonly hidesReasons?: boolean;
  /** Who uses it; default: all clients. */
  readonly policy?: ChildPolicy;
  /** Counts it with the other children of its server; default: it is alone. */
  readonly tally?: ServerTally;
  /** The entries of its lists, shared by all its processes; default: of this one alone. */
  readonly entries?: KnownEntries;
  /** Whether it is started again after its end; default: always. */
  readonly restart?: Restart;
  /** The revision to speak; default: the newest that the server knows. */
  readonly protocol?: Protocol;
  /** The era of the server, shared by all its processes; default: unknown. */
  readonly known?: KnownEra;
  /** The capabilities that the server may use; default: none. */
  readonly capabilities?: JsonObject;
  /** Answers the server's requests. */
  readonly onQuestion?: AnswerQuestion;
}
