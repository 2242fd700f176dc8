import { messageOf, ProtocolError, stackOf, ToolError } from "../base/errors.ts";
import { logFor } from "../base/log.ts";
import { maskedText, newReference } from "../registry/masking.ts";
import { toErrorResponse } from "../wire/error_table.ts";
import type { JsonRpcResponse } from "../wire/json_rpc.ts";
import type { Call } from "./call.ts";

const log = logFor("mcp");

/**
 * The error of a resource, a prompt or a completion. The client gets only messages that were meant
 * for it.
 */
export function failureOf({ request, masksErrors }: Call, error: unknown): JsonRpcResponse {
  if (error instanceof ProtocolError) return toErrorResponse(error, request.id);
  const { name, uri } = request.params ?? {};
  const isMeant = error instanceof ToolError;
  const reference = masksErrors && !isMeant ? newReference() : undefined;
  log.error("Request failed", {
    ...(reference !== undefined && { reference }),
    method: request.method,
    of: typeof name === "string" ? name : uri,
    error: messageOf(error),
    stack: stackOf(error),
  });
  const hidden = reference === undefined
    ? "Internal error"
    : maskedText("Internal error", reference);
  const message = isMeant ? error.message : hidden;
  return toErrorResponse(new ProtocolError("internal_error", message), request.id);
}
