/**
 * Calls that belong to no session: one request, one answer.
 *
 * @module
 */
import { isPromise, type MaybePromise } from "../base/promises.ts";
import type { Exchange } from "../mcp/exchange.ts";
import { InFlight } from "../mcp/in_flight.ts";
import { LEGACY_METHODS } from "../mcp/legacy_methods.ts";
import type { McpServer } from "../mcp/server.ts";
import type { Caller } from "../registry/context.ts";
import type { JsonRpcRequest, JsonRpcResponse } from "../wire/json_rpc.ts";
import { jsonResponse } from "./respond.ts";

/** A client that is here for one call. */
class OneCall implements Exchange {
  readonly caller: Caller;
  readonly connectionId = undefined;
  readonly logLevel = undefined;
  readonly inFlight = new InFlight();
  readonly #request: Request;

  constructor(request: Request, caller: Caller) {
    this.#request = request;
    this.caller = caller;
  }

  notify(): void {
    // One JSON answer has no place for notifications.
  }

  presence(): AbortSignal {
    return this.#request.signal;
  }
}

/** Answers a request of a client without a session, as JSON. */
export function answerOnce(
  server: McpServer,
  http: Request,
  { message, caller }: {
    readonly message: JsonRpcRequest;
    readonly caller: Caller;
  },
): MaybePromise<Response> {
  const response = server.dispatch(
    message,
    new OneCall(http, caller),
    LEGACY_METHODS,
  );
  return isPromise(response) ? response.then(toHttp) : toHttp(response);
}

function toHttp(response: JsonRpcResponse | undefined): Response {
  // Nobody reads the answer to a call whose client is gone.
  return response === undefined ? new Response(null, { status: 499 }) : jsonResponse(response);
}
