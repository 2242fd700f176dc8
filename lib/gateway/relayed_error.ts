import { ProtocolError, type ProtocolErrorKind } from "../base/errors.ts";
import type { JsonRpcErrorResponse } from "../wire/json_rpc.ts";

const KINDS: Readonly<Record<number, ProtocolErrorKind>> = {
  [-32601]: "method_not_found",
  [-32602]: "invalid_params",
  [-32002]: "resource_not_found",
};

/** The error of a server, as its client gets it. */
export function relayedError(
  { error: { code, message, data } }: JsonRpcErrorResponse,
): ProtocolError {
  return new ProtocolError(KINDS[code] ?? "internal_error", message, {
    code,
    ...(data !== undefined && { data }),
  });
}
