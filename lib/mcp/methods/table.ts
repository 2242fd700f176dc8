import { ProtocolError } from "../../base/errors.ts";
import type { MaybePromise } from "../../base/promises.ts";
import type { JsonObject, JsonRpcNotification } from "../../wire/json_rpc.ts";
import type { Call } from "../call.ts";
import type { LegacyScope, RequestScope } from "../scope.ts";
import type { ServerContext } from "../server_context.ts";

/** Answers one request with the `result` of its response. */
export type Method<S extends RequestScope = RequestScope> = (
  params: JsonObject,
  call: Call<S>,
) => MaybePromise<unknown>;

/** Takes one notification. */
export type NotificationHandler = (message: JsonRpcNotification, scope: RequestScope) => void;

/**
 * The methods of one revision, or of one way to use it. A method that is not in the table is
 * refused; a table never holds a method that its scope `S` cannot serve.
 */
export interface MethodTable<S extends RequestScope = RequestScope> {
  readonly requests: ReadonlyMap<string, Method<S>>;
  readonly notifications: ReadonlyMap<string, NotificationHandler>;
  /** The error for a method that is not in the table. */
  refuse(method: string): ProtocolError;
}

/** Makes the methods of sessions of those that all sessions share. */
export type SessionMethods = (
  shared: MethodTable<LegacyScope>,
  context: ServerContext,
) => MethodTable<LegacyScope>;

/** Makes the methods of 2026-07-28 of those that all clients share. */
export type ModernMethods = (shared: MethodTable, context: ServerContext) => MethodTable;

/** The error for a method that a table lacks; names those that it has. */
export function unknownMethod(method: string, requests: Iterable<string>): ProtocolError {
  const known = [...requests].sort().join(", ");
  return new ProtocolError(
    "method_not_found",
    `Method not found: ${method.slice(0, 200)}; this revision has ${known}`,
  );
}
