import type { JsonRpcNotification, JsonRpcRequest } from "../wire/json_rpc.ts";
import { METHODS } from "../wire/methods.ts";
import type { ChannelOptions } from "./channel.ts";

/** The request that begins a legacy session. */
export function initializeRequest(
  { version, capabilities, info }: ChannelOptions,
): JsonRpcRequest {
  const params = { protocolVersion: version, capabilities, clientInfo: info };
  return { jsonrpc: "2.0", id: "initialize", method: METHODS.initialize, params };
}

export const INITIALIZED: JsonRpcNotification = {
  jsonrpc: "2.0",
  method: "notifications/initialized",
};

/** A test wants to see all log messages. */
export const SET_LOG_LEVEL: JsonRpcRequest = {
  jsonrpc: "2.0",
  id: "log-level",
  method: METHODS.setLogLevel,
  params: { level: "debug" },
};
