/**
 * Every protocol error's JSON-RPC code and HTTP status, in one place.
 *
 * The status holds for errors found before a handler ran (a bad body, a refused host, a limit). A
 * handler's own errors are sent with status 200, unless a revision says otherwise.
 *
 * Codes: JSON-RPC 2.0 section 5.1; MCP 2026-07-28 basic/index, Error Codes.
 *
 * @module
 */
import type { ProtocolError, ProtocolErrorKind } from "../base/errors.ts";
import type { JsonRpcErrorResponse, JsonRpcId } from "./json_rpc.ts";

interface ErrorRow {
  readonly code: number;
  readonly status: number;
}

/** Code and status of each kind of protocol error. */
export const ERROR_TABLE: Readonly<Record<ProtocolErrorKind, ErrorRow>> = {
  parse_error: { code: -32700, status: 400 },
  invalid_request: { code: -32600, status: 400 },
  method_not_found: { code: -32601, status: 404 },
  invalid_params: { code: -32602, status: 400 },
  internal_error: { code: -32603, status: 500 },
  resource_not_found: { code: -32002, status: 400 },
  header_mismatch: { code: -32020, status: 400 },
  missing_client_capability: { code: -32021, status: 400 },
  unsupported_protocol_version: { code: -32022, status: 400 },
  body_too_large: { code: -32600, status: 413 },
  body_timeout: { code: -32600, status: 408 },
  unsupported_media_type: { code: -32600, status: 415 },
  not_acceptable: { code: -32600, status: 406 },
  host_refused: { code: -32600, status: 403 },
  origin_refused: { code: -32600, status: 403 },
  unauthorized: { code: -32600, status: 401 },
  forbidden: { code: -32600, status: 403 },
  insufficient_scope: { code: -32600, status: 403 },
  not_found: { code: -32600, status: 404 },
  method_not_allowed: { code: -32600, status: 405 },
  connection_not_found: { code: -32600, status: 404 },
  stream_ended: { code: -32603, status: 503 },
  session_not_found: { code: -32600, status: 404 },
  too_many_requests: { code: -32603, status: 429 },
  overloaded: { code: -32603, status: 503 },
  auth_unavailable: { code: -32603, status: 503 },
  not_routed: { code: -32603, status: 503 },
  draining: { code: -32603, status: 503 },
};

/**
 * A protocol error as a JSON-RPC message.
 *
 * @param id of the request at fault; `null` if it could not be read (JSON-RPC 2.0 section 5)
 */
export function toErrorResponse(
  error: ProtocolError,
  id?: JsonRpcId | null,
): JsonRpcErrorResponse {
  const code = error.code ?? ERROR_TABLE[error.kind].code;
  const message = error.message.toWellFormed();
  return {
    jsonrpc: "2.0",
    error: error.data === undefined ? { code, message } : { code, message, data: error.data },
    id: id ?? error.id ?? null,
  };
}
