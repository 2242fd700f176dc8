import { isObject, type JsonObject } from "../wire/json_rpc.ts";
import { METHODS } from "../wire/methods.ts";
import type { Implementation } from "../wire/mcp_types.ts";
import { LEGACY_VERSIONS } from "../wire/protocol_versions.ts";
import type { Upstream } from "./upstream.ts";

/** A server's answer to `initialize`. */
export interface ServerFacts {
  readonly info: Implementation;
  readonly instructions: string | undefined;
  readonly capabilities: JsonObject;
}

/** The gateway's own client information, and the configured name of the server. */
export interface ClientFacts {
  readonly name: string;
  /** The gateway's version. */
  readonly version: string;
  /** The capabilities that the server may use. */
  readonly capabilities: JsonObject;
}

/** The newest revision that begins with `initialize`. */
const ASKED = "2025-11-25";

/**
 * Negotiates the protocol with a server by `initialize`.
 *
 * @throws {Error} if the server answers wrongly; the message says how
 */
export async function handshake(
  upstream: Upstream,
  { name, version, capabilities: own }: ClientFacts,
): Promise<ServerFacts> {
  const result = await upstream.request(METHODS.initialize, {
    protocolVersion: ASKED,
    capabilities: own,
    clientInfo: { name: "lifeline-gateway", version },
  });
  const { protocolVersion, serverInfo, instructions, capabilities } = result;
  if (!(LEGACY_VERSIONS as readonly unknown[]).includes(protocolVersion)) {
    const known = LEGACY_VERSIONS.join(", ");
    throw new Error(
      `it answered initialize with the revision ${JSON.stringify(protocolVersion)}; ` +
        `the gateway speaks ${known}`,
    );
  }
  upstream.notify("notifications/initialized");
  const info = isObject(serverInfo) && typeof serverInfo.name === "string"
    ? { version: "unknown", ...serverInfo, name: serverInfo.name }
    : { name, version: "unknown" };
  return {
    info,
    instructions: typeof instructions === "string" ? instructions : undefined,
    capabilities: isObject(capabilities) ? capabilities : {},
  };
}
