import type {
  JsonRpcId,
  JsonRpcNotification,
  JsonRpcRequest,
  JsonRpcResponse,
} from "../wire/json_rpc.ts";
import { METHODS, NOTIFICATIONS } from "../wire/methods.ts";
import type { ChannelOptions } from "./channel.ts";
import { RpcError } from "./rpc_error.ts";

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

/** Cancels the request with that id. */
export function cancelled(requestId: JsonRpcId): JsonRpcNotification {
  return { jsonrpc: "2.0", method: NOTIFICATIONS.cancelled, params: { requestId } };
}

/** @throws {RpcError} when the response to `initialize` is an error */
export function requireInitialized(response: JsonRpcResponse): void {
  if (!("error" in response)) return;
  const { code, message, data } = response.error;
  throw new RpcError({ code, message: `initialize was refused: ${message}`, data });
}
