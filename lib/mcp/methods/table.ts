import type { MaybePromise } from "../../base/promises.ts";
import type { Signer } from "../../base/signer.ts";
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
  readonly seal: Signer;
  /** Entries of one page of a list. */
  readonly pageSize: number;
}

/** Answers one request with the `result` of its response. */
export type Method = (
  params: JsonObject,
  call: Call,
  server: ServerContext,
) => MaybePromise<unknown>;

/** Takes one notification. */
export type NotificationHandler = (
  message: JsonRpcNotification,
  exchange: RequestScope,
) => void;

/** All that one revision knows; absence is the refusal. */
export interface MethodTable {
  readonly requests: ReadonlyMap<string, Method>;
  readonly notifications: ReadonlyMap<string, NotificationHandler>;
}
