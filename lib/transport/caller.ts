import type { Caller } from "../registry/context.ts";
import type { Client } from "../stream/client.ts";
import { isObject } from "../wire/json_rpc.ts";

/**
 * What handlers learn of their caller: a plain value, through which nothing of the server can be
 * reached.
 *
 * @param info what the client says of itself (`clientInfo`), whatever its shape
 */
export function callerOf({ address, principal }: Client, info?: unknown): Caller {
  const { name, version } = isObject(info) ? info : {};
  return {
    address,
    ...(principal !== undefined && { principal }),
    ...(typeof name === "string" && { name }),
    ...(typeof version === "string" && { version }),
  };
}
