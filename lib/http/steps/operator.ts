import { ProtocolError } from "../../base/errors.ts";
import { isLoopback } from "../../base/loopback.ts";
import { nodeCrypto } from "../../base/node.ts";
import { AUTHORIZATION, singleValue } from "../../wire/headers.ts";
import type { RequestContext } from "../../transport/request_head.ts";

/**
 * Lets only the operator pass: who sends `Authorization: Bearer` with the admin token, or, where
 * none is set, who comes from this machine and not through a proxy on it.
 *
 * @throws {ProtocolError} `unauthorized`
 */
export function requireAdmin({ headers, client }: RequestContext, token: string | undefined): void {
  if (token === undefined) {
    const isProxied = headers.has("x-forwarded-for") || headers.has("forwarded");
    if (isLoopback(client.address) && !isProxied) return;
    throw new ProtocolError(
      "forbidden",
      "Only this machine itself may look here; set MCP_ADMIN_TOKEN and send it as a bearer token " +
        "to look from elsewhere",
    );
  }
  const sent = /^Bearer +(\S+)$/i.exec(singleValue(headers, AUTHORIZATION) ?? "")?.[1];
  if (sent !== undefined && nodeCrypto().timingSafeEqual(digest(sent), digest(token))) {
    return;
  }
  throw new ProtocolError(
    "unauthorized",
    "Send the token of MCP_ADMIN_TOKEN in the header Authorization: Bearer",
    { headers: { "www-authenticate": 'Bearer realm="lifeline"' } },
  );
}

function digest(text: string): Uint8Array {
  return nodeCrypto().createHash("sha256").update(text).digest();
}
