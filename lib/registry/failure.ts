/**
 * Results for errors that were not meant for the client.
 *
 * @module
 */
import { CallAborted, messageOf, ProtocolError, stackOf, ToolError } from "../base/errors.ts";
import { type Log, logFor } from "../base/log.ts";
import type { CallToolResult } from "../wire/mcp_types.ts";
import { maskedText, newReference } from "./masking.ts";
import { errorResult } from "./tool_results.ts";
import type { JsonObject } from "../wire/json_rpc.ts";

/** The handler that failed, and the log that gets the line. */
export interface Failure {
  readonly log: Log;
  /** The words of the log line. */
  readonly event: string;
  /** Named to the client, such as `Tool greet`. */
  readonly owner: string;
  readonly tool: string;
  /** Whether the message is hidden from the client. */
  readonly isMasked: boolean;
}

/**
 * Logs an error and makes the result for the model: the error's message or, if errors are masked, a
 * reference that finds the log line.
 *
 * @throws {ProtocolError | CallAborted} the error itself, if it is one of these
 */
export function failureResult(error: unknown, failure: Failure): CallToolResult {
  if (error instanceof CallAborted || error instanceof ProtocolError) throw error;
  const { log, event, owner, tool, isMasked } = failure;
  const message = messageOf(error);
  const fields = { tool, error: message, stack: stackOf(error) };
  if (!isMasked || error instanceof ToolError) {
    log.warning(event, fields);
    return errorResult(message || `${owner} failed`);
  }
  const reference = newReference();
  log.warning(event, { reference, ...fields });
  return errorResult(maskedText(`${owner} failed`, reference));
}

const log = logFor("middleware");

/**
 * The result for an error that middleware threw around a tool: the model gets it like an error of the
 * tool.
 *
 * @param isMasked whether the message is hidden from the client
 * @throws {ProtocolError | CallAborted} the error itself, if it is one of these
 */
export function toolFailure(error: unknown, tool: string, isMasked: boolean): JsonObject {
  const owner = `Middleware of tool ${tool}`;
  return failureResult(error, { log, event: "Middleware failed", owner, tool, isMasked });
}
