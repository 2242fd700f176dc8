import { logFor } from "../base/log.ts";
import type { PublicSettings } from "../base/settings_type.ts";

/**
 * Warns of the hosts of issuers that the process may not connect to. Without this the first request
 * with a token would tell, as a 503.
 */
export function warnOfUnreachableIssuers(
  { MCP_AUTH_ISSUERS, MCP_AUTH_INTROSPECTION_URL }: Pick<
    PublicSettings,
    "MCP_AUTH_ISSUERS" | "MCP_AUTH_INTROSPECTION_URL"
  >,
): void {
  const urls = [...MCP_AUTH_ISSUERS, MCP_AUTH_INTROSPECTION_URL ?? ""];
  const hosts = new Set(
    urls.map((url) => URL.parse(url)?.host).filter((host) => host !== undefined),
  );
  for (const host of hosts) {
    if (Deno.permissions.querySync({ name: "net", host }).state === "granted") continue;
    logFor("auth").warning(
      "The issuer cannot be reached without permission: add its host to --allow-net",
      { host },
    );
  }
}
