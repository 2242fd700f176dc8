/**
 * What a client is told when something throws that was not meant for it.
 *
 * @module
 */
import { CallAborted, messageOf, ProtocolError, stackOf, ToolError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { CallToolResult } from "../wire/mcp_types.ts";
import { maskedText, newReference } from "./masking.ts";
import { errorResult } from "./tool_results.ts";

/** Who failed, and where the log line goes. */
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
 * Logs an error, and makes the result that the model gets: the error's message, or where it is
 * masked a reference that finds the log line.
 *
 * @throws {ProtocolError | CallAborted} what was thrown as one
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
