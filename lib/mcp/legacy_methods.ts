/**
 * The methods of the revisions that begin with `initialize`, which the plain dialect shares.
 *
 * @module
 */
import { CallAborted, ProtocolError } from "../base/errors.ts";
import { isObject } from "../wire/json_rpc.ts";
import type { ServerCapabilities } from "../wire/mcp_types.ts";
import { negotiate } from "../wire/protocol_versions.ts";
import type { Method, MethodTable, NotificationHandler } from "./method_table.ts";
import { callTool, listTools } from "./tool_methods.ts";

/** What a server of these revisions says it can do. */
export const LEGACY_CAPABILITIES: ServerCapabilities = {
  logging: {},
  tools: {},
};

const initialize: Method = (
  { protocolVersion },
  _call,
  { info, instructions },
) => {
  if (protocolVersion !== undefined && typeof protocolVersion !== "string") {
    throw new ProtocolError(
      "invalid_params",
      'Invalid params: "protocolVersion" must be a string',
    );
  }
  return {
    protocolVersion: negotiate(protocolVersion),
    capabilities: LEGACY_CAPABILITIES,
    serverInfo: info,
    ...(instructions !== undefined && { instructions }),
  };
};

const ping: Method = () => ({});

/** Ids that are unknown or malformed are ignored (2025-11-25, utilities/cancellation). */
const cancelled: NotificationHandler = ({ params }, { inFlight }) => {
  const { requestId, reason } = isObject(params) ? params : {};
  if (typeof requestId !== "string" && typeof requestId !== "number") return;
  const why = typeof reason === "string" ? `: ${reason}` : "";
  inFlight.cancel(
    requestId,
    new CallAborted("cancelled", `Cancelled by the client${why}`),
  );
};

export const LEGACY_METHODS: MethodTable = {
  requests: new Map([
    ["initialize", initialize],
    ["ping", ping],
    ["tools/list", listTools],
    ["tools/call", callTool],
  ]),
  notifications: new Map([["notifications/cancelled", cancelled]]),
};
