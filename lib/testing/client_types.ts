import type { Peer } from "../transport/peer.ts";
import type { LoggingLevel } from "../wire/mcp_types.ts";
import { METHODS } from "../wire/methods.ts";
import type { ProtocolVersion } from "../wire/protocol_versions.ts";
import type { Answers } from "./answers.ts";
import type { TestDialect } from "./open_channel.ts";

/** The revision that a test client speaks. */
export type Era = ProtocolVersion;

/** Options of a test client: its connection and its answers. */
export interface TestClientOptions extends Answers {
  /** The revision it speaks; default: the newest that its dialect has. */
  readonly era?: Era;
  /**
   * How it connects in place of MCP over HTTP: `plain`, in a revision before 2026-07-28, or `stdio`,
   * a pipe in memory.
   */
  readonly dialect?: TestDialect;
  /** How it names itself. */
  readonly name?: string;
  /** Headers of every request, such as `authorization`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The client's peer as the server sees it. */
  readonly peer?: Peer;
  /**
   * Whether the app keeps running when its last client has closed; default: it is drained and
   * stopped.
   */
  readonly keepApp?: boolean;
}

/** Options of one request. */
export interface RequestOptions {
  /** Cancels the request; the promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** The method of each list of a server. */
export const LIST_METHODS = {
  tools: METHODS.listTools,
  resources: METHODS.listResources,
  resourceTemplates: METHODS.listResourceTemplates,
  prompts: METHODS.listPrompts,
} as const;

/** The lists of a server. */
export type ListName = "tools" | "resources" | "resourceTemplates" | "prompts";

/** Progress that a call has reported. */
export interface Progress {
  readonly progress: number;
  readonly total?: number;
  readonly message?: string;
}

/** A log message that a call has sent. */
export interface LogMessage {
  readonly level: LoggingLevel;
  readonly data: unknown;
  readonly logger?: string;
}
