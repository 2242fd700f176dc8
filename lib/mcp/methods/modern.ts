/**
 * The methods of the stateless revisions, 2026-07-28 and later: every result says what kind it is
 * and who made it, and lists say how long they may be kept.
 *
 * @module
 */
import { ProtocolError } from "../../base/errors.ts";
import { isPromise } from "../../base/promises.ts";
import type { JsonObject } from "../../wire/json_rpc.ts";
import { PROTOCOL_VERSIONS } from "../../wire/protocol_versions.ts";
import {
  callTool,
  complete,
  getPrompt,
  listPrompts,
  listResources,
  listResourceTemplates,
  listTools,
  readResource,
  SERVER_CAPABILITIES,
} from "./features.ts";
import { cachedList } from "./list_cache.ts";
import { INPUT_REQUIRED, multiRoundTrip } from "../ask/multi_round_trip.ts";
import { cancelled } from "./legacy.ts";
import type { Method, MethodTable, ServerContext } from "./table.ts";

export const SERVER_INFO_KEY = "io.modelcontextprotocol/serverInfo";

/** How long a client may keep a list without asking (ms); a change is announced anyway. */
const LIST_TTL_MS = 300_000;
/** Lists are the same for everybody; what a resource holds may not be. */
const PUBLIC = { ttlMs: LIST_TTL_MS, cacheScope: "public" } as const;
const PRIVATE = { ttlMs: 0, cacheScope: "private" } as const;

/** `server/discover` (2026-07-28, server/discover). */
const discover: Method = (_params, _call, { instructions }) => ({
  supportedVersions: PROTOCOL_VERSIONS,
  capabilities: SERVER_CAPABILITIES,
  ...(instructions !== undefined && { instructions }),
});

export const MODERN_METHODS: MethodTable = {
  requests: new Map<string, Method>([
    ["server/discover", withEnvelope(discover, PUBLIC)],
    ["tools/list", cachedList(withEnvelope(listTools, PUBLIC), ({ tools }) => tools)],
    ["tools/call", withEnvelope(multiRoundTrip(callTool))],
    [
      "resources/list",
      cachedList(withEnvelope(listResources, PUBLIC), ({ resources }) => resources),
    ],
    [
      "resources/templates/list",
      cachedList(
        withEnvelope(listResourceTemplates, PUBLIC),
        ({ resourceTemplates }) => resourceTemplates,
      ),
    ],
    ["resources/read", withEnvelope(multiRoundTrip(readResource), PRIVATE)],
    ["prompts/list", cachedList(withEnvelope(listPrompts, PUBLIC), ({ prompts }) => prompts)],
    ["prompts/get", withEnvelope(multiRoundTrip(getPrompt))],
    ["completion/complete", withEnvelope(complete)],
  ]),
  notifications: new Map([["notifications/cancelled", cancelled]]),
};

function withEnvelope(method: Method, caching?: JsonObject): Method {
  return (params, call, server) => {
    try {
      const result = method(params, call, server);
      return isPromise(result)
        ? result.then((settled) => envelope(settled, server, caching), mapNotFound)
        : envelope(result, server, caching);
    } catch (error) {
      return mapNotFound(error);
    }
  };
}

/** -32002 is not to be sent any more, whoever throws it (2026-07-28, basic/index, Error Codes). */
function mapNotFound(error: unknown): never {
  if (!(error instanceof ProtocolError) || error.kind !== "resource_not_found") throw error;
  throw new ProtocolError("invalid_params", error.message, { data: error.data });
}

function envelope(result: unknown, server: ServerContext, caching?: JsonObject): JsonObject {
  const members = result as JsonObject;
  const _meta = members._meta === undefined
    ? serverMeta(server)
    : { ...serverMeta(server), ...members._meta };
  // An interim result asks for input and may not be kept.
  if (members.resultType === INPUT_REQUIRED) return { ...members, _meta };
  // To spread what is not there costs as much as to spread what is.
  return caching === undefined
    ? { ...members, resultType: "complete", _meta }
    : { ...members, resultType: "complete", ...caching, _meta };
}

const metas = new WeakMap<ServerContext, JsonObject>();

/** What every result says of its server; made once. */
function serverMeta(server: ServerContext): JsonObject {
  const known = metas.get(server);
  if (known !== undefined) return known;
  const meta = { [SERVER_INFO_KEY]: server.info };
  metas.set(server, meta);
  return meta;
}
