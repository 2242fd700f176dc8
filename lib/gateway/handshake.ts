/**
 * Finds the newest revision that a server and the gateway both speak, and begins with it.
 *
 * @module
 */
import { ProtocolError } from "../base/errors.ts";
import { isObject, type JsonObject } from "../wire/json_rpc.ts";
import { META_KEYS, metaOf } from "../wire/meta.ts";
import type { Implementation } from "../wire/mcp_types.ts";
import { METHODS } from "../wire/methods.ts";
import { LEGACY_VERSIONS } from "../wire/protocol_versions.ts";
import { MODERN_VERSION, modernMeta, ModernUpstream } from "./modern_upstream.ts";
import type { ServerRequests, Upstream, UpstreamEvents } from "./upstream.ts";

/** Information that a server gives about itself at the beginning. */
export interface ServerFacts {
  readonly info: Implementation;
  readonly instructions: string | undefined;
  readonly capabilities: JsonObject;
}

/** A connection to a server that has told its facts. */
export interface Connection {
  readonly upstream: ServerRequests;
  readonly facts: ServerFacts;
}

/** The newest revision that begins with `initialize`. */
const LEGACY_VERSION = "2025-11-25";
/** The revisions that a server can be pinned to; `auto` tries the newest first. */
export const PROTOCOLS = ["auto", MODERN_VERSION, LEGACY_VERSION] as const;
export type Protocol = (typeof PROTOCOLS)[number];

/** The era of a server, shared by all its processes, so that only the first one has to try. */
export interface KnownEra {
  isLegacy: boolean;
}

/** The gateway's side of a handshake. */
export interface HandshakeOptions {
  /** Names the server if it does not name itself. */
  readonly name: string;
  /** The gateway's version. */
  readonly version: string;
  /** The capabilities that the server may use. */
  readonly capabilities: JsonObject;
  readonly protocol: Protocol;
  readonly known: KnownEra;
  readonly events: Pick<UpstreamEvents, "onNotification" | "onQuestion">;
}

/** How long a server may leave `server/discover` unanswered before `initialize` is tried (ms). */
const SILENCE_MS = 2_000;

/**
 * Negotiates the protocol with a server.
 *
 * @throws {Error} saying what the server did wrong
 */
export async function handshake(
  upstream: Upstream,
  options: HandshakeOptions,
): Promise<Connection> {
  const { protocol, known } = options;
  const triesModern = protocol === MODERN_VERSION || (protocol === "auto" && !known.isLegacy);
  const discovered = triesModern ? await discover(upstream, options) : undefined;
  if (discovered !== undefined) return discovered;
  if (protocol === MODERN_VERSION) {
    throw new Error(`it does not answer server/discover of ${MODERN_VERSION}`);
  }
  // It may be updated between two attempts.
  known.isLegacy = false;
  const facts = await initialize(upstream, options);
  known.isLegacy = true;
  return { upstream, facts };
}

/** @returns undefined if the server does not speak the revision */
async function discover(
  upstream: Upstream,
  { name, version, capabilities: own, events, protocol }: HandshakeOptions,
): Promise<Connection | undefined> {
  const client = { info: { name: "lifeline-gateway", version }, capabilities: own };
  const silence = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => silence.resolve(undefined), SILENCE_MS);
  try {
    const asked = upstream.request(METHODS.discover, { _meta: modernMeta(client) });
    const waits = protocol === MODERN_VERSION ? [asked] : [asked, silence.promise];
    const result = await Promise.race(waits);
    // An answer that comes too late is ignored.
    if (result === undefined) return void asked.catch(() => {});
    const { supportedVersions, instructions, capabilities } = result;
    if (!Array.isArray(supportedVersions) || !supportedVersions.includes(MODERN_VERSION)) return;
    const requests = new ModernUpstream(upstream, client, events);
    const facts = factsOf(metaOf(result)?.[META_KEYS.serverInfo], {
      name,
      instructions,
      capabilities,
    });
    return { upstream: requests, facts };
  } catch (error) {
    if (error instanceof ProtocolError && !upstream.isEnded) return undefined;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function initialize(
  upstream: Upstream,
  { name, version, capabilities: own }: HandshakeOptions,
): Promise<ServerFacts> {
  const { protocolVersion, serverInfo, instructions, capabilities } = await upstream.request(
    METHODS.initialize,
    {
      protocolVersion: LEGACY_VERSION,
      capabilities: own,
      clientInfo: { name: "lifeline-gateway", version },
    },
  );
  if (!(LEGACY_VERSIONS as readonly unknown[]).includes(protocolVersion)) {
    const known = LEGACY_VERSIONS.join(", ");
    throw new Error(
      `it answered initialize with the revision ${JSON.stringify(protocolVersion)}; ` +
        `the gateway speaks ${known}`,
    );
  }
  upstream.notify("notifications/initialized");
  return factsOf(serverInfo, { name, instructions, capabilities });
}

function factsOf(
  info: unknown,
  { name, instructions, capabilities }: JsonObject & { readonly name: string },
): ServerFacts {
  return {
    info: isObject(info) && typeof info.name === "string"
      ? { version: "unknown", ...info, name: info.name }
      : { name, version: "unknown" },
    instructions: typeof instructions === "string" ? instructions : undefined,
    capabilities: isObject(capabilities) ? capabilities : {},
  };
}
