import type { Identity } from "../base/identity.ts";
import type { Caller } from "../registry/context.ts";
import type { Client } from "../stream/client.ts";
import { isObject } from "../wire/json_rpc.ts";

/**
 * What handlers learn of their caller: a plain value, through which nothing of the server can be
 * reached.
 *
 * @param info what the client says of itself (`clientInfo`), whatever its shape
 */
export function callerOf({ address, identity, headers }: Client, info?: unknown): Caller {
  const { name, version } = isObject(info) ? info : {};
  return {
    address,
    ...(identity !== undefined && credentialOf(identity)),
    ...(headers !== undefined && { headers }),
    ...(typeof name === "string" && { name }),
    ...(typeof version === "string" && { version }),
  };
}

/** What handlers learn of the caller's credential, which never includes the credential itself. */
function credentialOf({ principal, clientId, scopes, claims }: Identity) {
  return { principal, clientId, scopes, claims };
}
