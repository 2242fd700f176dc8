import type { MaybePromise } from "../base/promises.ts";
import type { JsonRpcRequest, JsonRpcResponse } from "../wire/json_rpc.ts";
import type { RequestScope } from "./scope.ts";

/** A request before it is answered. */
export interface Dispatch {
  readonly request: JsonRpcRequest;
  readonly scope: RequestScope;
  /** Whether the revision has the method; one that it lacks is refused. */
  readonly isKnown: boolean;
}

/** The response to a request; undefined when the client has cancelled it or is gone. */
export type DispatchResult = MaybePromise<JsonRpcResponse | undefined>;

/**
 * Wraps every request of a server, refusals and timeouts included: tracing, an audit log. It must
 * return what `next()` gives, and must not throw.
 */
export type Around = (dispatch: Dispatch, next: () => DispatchResult) => DispatchResult;

/**
 * Combines several wrappers into one.
 *
 * @param around the first is the outermost
 * @returns undefined for an empty list, so that a request passes no wrapper
 */
export function composeAround(around: readonly Around[]): Around | undefined {
  return around.length === 0
    ? undefined
    : around.reduceRight((inner, outer) => (dispatch, next) =>
      outer(dispatch, () => inner(dispatch, next))
    );
}
