/**
 * The `_meta` member of messages: the keys that the protocol defines, and how to read them.
 *
 * @module
 */
import { isObject, type JsonObject } from "./json_rpc.ts";

/** Keys of `_meta` (2026-07-28, basic/index, `_meta`). */
export const META_KEYS = {
  /** Revision of a request. */
  protocolVersion: "io.modelcontextprotocol/protocolVersion",
  /** Capabilities of the client that sends a request. */
  clientCapabilities: "io.modelcontextprotocol/clientCapabilities",
  /** Name and version of the client that sends a request. */
  clientInfo: "io.modelcontextprotocol/clientInfo",
  /** Least urgent level of the log messages that a request wants. */
  logLevel: "io.modelcontextprotocol/logLevel",
  /** Name and version of the server that sends a result. */
  serverInfo: "io.modelcontextprotocol/serverInfo",
  /** Id of the request that opened the subscription a message belongs to. */
  subscriptionId: "io.modelcontextprotocol/subscriptionId",
} as const;

/** The `_meta` of a message's parameters; undefined if there is none. */
export function metaOf(params: JsonObject | undefined): JsonObject | undefined {
  const meta = params?._meta;
  return isObject(meta) ? meta : undefined;
}

const NO_META: JsonObject = Object.freeze({});

/** Whether the protocol defines a key of `_meta`. */
function isProtocolKey(key: string): boolean {
  return key === "progressToken" || key.startsWith("io.modelcontextprotocol/");
}

/** A copy of the `_meta` of a message's parameters or of a result, without the protocol's keys. */
export function ownMeta(params: JsonObject | undefined): JsonObject {
  const meta = metaOf(params);
  if (meta === undefined) return NO_META;
  return Object.fromEntries(Object.entries(meta).filter(([key]) => !isProtocolKey(key)));
}

/** The same as the member `_meta`; absent if it would be empty. */
export function metaMember(params: JsonObject | undefined): { readonly _meta?: JsonObject } {
  const meta = ownMeta(params);
  return Object.keys(meta).length === 0 ? {} : { _meta: meta };
}

/** Longest progress token that is a text, in characters; each progress notification carries it. */
const MAX_TOKEN_LENGTH = 1_024;

/** The token under which a request wants to be told of progress (2025-11-25, utilities/progress). */
export function progressTokenOf(params: JsonObject | undefined): string | number | undefined {
  const token = metaOf(params)?.progressToken;
  const isText = typeof token === "string" && token.length <= MAX_TOKEN_LENGTH;
  return isText || Number.isInteger(token) ? token as string | number : undefined;
}
