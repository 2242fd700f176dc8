/**
 * The demands of the revisions on a server that uses MCP's OAuth framework. Demands on
 * authorization servers and clients are not listed.
 *
 * @module
 */
import type { ProtocolVersion } from "../../lib/wire/protocol_versions.ts";
import type { Requirement } from "./requirement.ts";

const NO_OAUTH = "authorization is optional, and this release has no OAuth";
const SINCE_2025_03: readonly ProtocolVersion[] = [
  "2025-03-26",
  "2025-06-18",
  "2025-11-25",
  "2026-07-28",
];
const SINCE_2025_06: readonly ProtocolVersion[] = SINCE_2025_03.slice(1);

type Demand = readonly [name: string, heading: string, must: string];

const FROM_2025_03_26: readonly Demand[] = [
  ["oauth-2-1", "overview", "follow OAuth 2.1 and its security practices"],
  ["unauthorized", "access-token-usage", "401 for tokens that are missing, invalid or expired"],
  ["validate", "token-handling", "validate access tokens"],
  ["statuses", "error-handling", "401, 403 and 400 for the errors of authorization"],
  ["other-transports", "protocol-requirements", "other transports follow their best practices"],
];

const ONLY_2025_03_26: readonly Demand[] = [
  ["endpoints", "server-metadata-discovery", "metadata and fallback endpoints at fixed places"],
  ["https", "security-considerations", "endpoints over HTTPS, redirect URIs checked"],
  ["third-party", "third-party-authorization-flow", "map, check and renew third parties' tokens"],
  ["third-party-security", "security-considerations", "guard what third parties redirect"],
];

const FROM_2025_06_18: readonly Demand[] = [
  ["resource-metadata", "authorization-server-location", "serve RFC 9728 resource metadata"],
  ["challenge", "authorization-server-location", "tell in a 401 where the metadata is"],
  ["audience", "token-audience-binding-and-validation", "take only tokens issued for this server"],
  ["no-passthrough", "access-token-privilege-restriction", "pass no client's token on"],
  ["storage", "token-theft", "store tokens safely"],
  ["transport-security", "communication-security", "communicate as OAuth 2.1 section 1.5 says"],
  ["proxy-consent", "confused-deputy-problem", "a proxy asks consent for each client it registers"],
];

const FROM_2026_07_28: readonly Demand[] = [
  ["scope-hierarchy", "scope-challenge-handling", "a broader scope counts as the narrower ones"],
];

export const AUTHORIZATION: readonly Requirement[] = [
  ...FROM_2025_03_26.map((demand) => outOfScope("2025-03-26", SINCE_2025_03, demand)),
  ...ONLY_2025_03_26.map((demand) => outOfScope("2025-03-26", ["2025-03-26"], demand)),
  ...FROM_2025_06_18.map((demand) => outOfScope("2025-06-18", SINCE_2025_06, demand)),
  ...FROM_2026_07_28.map((demand) => outOfScope("2026-07-28", ["2026-07-28"], demand)),
];

function outOfScope(
  first: ProtocolVersion,
  revisions: readonly ProtocolVersion[],
  [name, heading, must]: Demand,
): Requirement {
  return {
    id: `${first}/authorization/${name}`,
    section: `basic/authorization#${heading}`,
    revisions,
    must,
    outOfScope: NO_OAUTH,
  };
}
