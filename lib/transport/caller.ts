import type { Identity } from "../base/identity.ts";
import type { Caller } from "../registry/context.ts";
import type { Client } from "../stream/client.ts";
import { isObject } from "../wire/json_rpc.ts";

/**
 * The caller as handlers see it: a plain value that does not expose the server.
 *
 * @param info the client's `clientInfo`, of any shape
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

/** The caller's identity as handlers see it, without the credential itself. */
function credentialOf({ principal, clientId, scopes, claims }: Identity) {
  return { principal, clientId, scopes, claims };
}
