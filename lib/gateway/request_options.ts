import type { JsonObject } from "../wire/json_rpc.ts";

/** Options of a running request. */
export interface RequestOptions {
  /** The key by which limits count the client; undefined for a request of the gateway itself. */
  readonly client?: string;
  /** Aborts when the answer is not wanted any more. */
  readonly signal?: AbortSignal;
  /** Takes the parameters of progress notifications. */
  readonly onProgress?: (params: JsonObject) => void;
  /** Takes the parameters of log messages, while all requests that they could belong to are of one client. */
  readonly onLog?: (params: JsonObject) => void;
  /** The same object for all requests of one client; undefined if only this request is known. */
  readonly ownerOf?: () => object | undefined;
  /** Takes the parameters of the acknowledgement of a subscription. */
  readonly onAcknowledged?: (params: JsonObject) => void;
  /** Whether no client sends it, as with the stream of changes; default: no. */
  readonly isUncounted?: boolean;
}
