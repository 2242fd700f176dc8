import type { LoggingLevel } from "../wire/mcp_types.ts";

/** Who calls. */
export interface Caller {
  /** The client's address; `stdio` for a client at the other end of a pipe. */
  readonly address: string;
  /** Name the client gave itself; not verified. */
  readonly name?: string;
  readonly version?: string;
  /** The authenticated principal, where there is authentication. */
  readonly principal?: string;
}

/** Sends log messages to the client (`notifications/message`), one method a level (RFC 5424). */
export type ClientLog = Readonly<
  Record<LoggingLevel, (data: unknown, logger?: string) => void>
>;

/** What a tool's `run` gets beside its arguments. */
export interface ToolContext {
  /**
   * Aborts when the answer is not wanted any more; `signal.reason` is a `CallAborted` whose
   * `reason` is the connection's close reason, `cancelled` or `timeout`.
   */
  readonly signal: AbortSignal;
  /** Id of the stream the answer goes to, where there is one. */
  readonly connectionId: string | undefined;
  readonly caller: Caller;
  readonly log: ClientLog;
  /**
   * Reports progress, where the client asked for it.
   *
   * @param progress must grow from call to call; a value that does not is not sent
   * @param total what `progress` will be at the end, where known
   * @param message for a person to read
   */
  progress(progress: number, total?: number, message?: string): void;
}
