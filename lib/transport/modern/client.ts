import { ProtocolError } from "../../base/errors.ts";
import { LOG_SEVERITY } from "../../mcp/log_levels.ts";
import { isObject, type JsonRpcId, type JsonRpcRequest } from "../../wire/json_rpc.ts";
import type { ClientCapabilities, LoggingLevel } from "../../wire/mcp_types.ts";
import { META_KEYS, metaOf } from "../../wire/meta.ts";

/** The client information in a modern request. */
export interface ModernClient {
  readonly capabilities: ClientCapabilities;
  readonly logLevel: LoggingLevel | undefined;
  /** Its `clientInfo`; not verified. */
  readonly info: unknown;
}

/**
 * Reads the client information that every modern request must have.
 *
 * @throws {ProtocolError} `invalid_params` naming the missing or wrong member
 */
export function readModernClient({ id, params }: JsonRpcRequest): ModernClient {
  const meta = metaOf(params) ?? {};
  const capabilities = meta[META_KEYS.clientCapabilities];
  if (!isObject(capabilities)) throw badMetaError(META_KEYS.clientCapabilities, "an object", id);
  const logLevel = meta[META_KEYS.logLevel];
  if (
    logLevel !== undefined &&
    !(typeof logLevel === "string" && Object.hasOwn(LOG_SEVERITY, logLevel))
  ) {
    throw badMetaError(META_KEYS.logLevel, `one of ${Object.keys(LOG_SEVERITY).join(", ")}`, id);
  }
  return {
    capabilities: capabilities as ClientCapabilities,
    logLevel: logLevel as LoggingLevel | undefined,
    info: meta[META_KEYS.clientInfo],
  };
}

/** Something in `_meta` is missing or wrong. */
export function badMetaError(key: string, expected: string, id: JsonRpcId): ProtocolError {
  return new ProtocolError(
    "invalid_params",
    `Invalid params: _meta[${quote(key)}] must be ${expected}`,
    { id },
  );
}

/** A value in an error message; long ones are cut. */
export function quote(value: unknown): string {
  return JSON.stringify(value).slice(0, 200);
}
