import { ProtocolError } from "../../base/errors.ts";
import type { MaybePromise } from "../../base/promises.ts";
import type { Signer } from "../../base/signer.ts";
import type { Middleware } from "../../registry/middleware.ts";
import type { Catalog } from "../../registry/catalog.ts";
import type { JsonObject, JsonRpcNotification } from "../../wire/json_rpc.ts";
import type { Implementation } from "../../wire/mcp_types.ts";
import type { Call } from "../call.ts";
import type { RequestScope } from "../scope.ts";

/** What a method may know of the server it answers for. */
export interface ServerContext {
  readonly info: Implementation;
  /** For the model: how to use this server. */
  readonly instructions?: string;
  readonly catalog: Catalog;
  /** Protects what clients carry for the server. */
  readonly signer: Signer;
  /** Around every request but `ping`; the first is the outermost. */
  readonly use: readonly Middleware[];
  /** Entries of one page of a list. */
  readonly pageSize: number;
}

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

/** The error for a method that a table lacks; names those that it has. */
export function unknownMethod(method: string, requests: Iterable<string>): ProtocolError {
  const known = [...requests].sort().join(", ");
  return new ProtocolError(
    "method_not_found",
    `Method not found: ${method.slice(0, 200)}; this revision has ${known}`,
  );
}
