import { isObject } from "./json_rpc.ts";
import { METHODS } from "./methods.ts";

/** Whether a message counts for `MCP_CALLS_PER_SECOND`: a tool call or a completion. */
export function isRated(message: unknown): boolean {
  return isObject(message) &&
    (message.method === METHODS.callTool || message.method === METHODS.complete);
}
