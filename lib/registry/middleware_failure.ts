import { logFor } from "../base/log.ts";
import type { JsonObject } from "../wire/json_rpc.ts";
import { failureResult } from "./failure.ts";

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
