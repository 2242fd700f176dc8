/**
 * The methods of the stateless revisions, 2026-07-28 and later: every result says what kind it is
 * and who made it, and lists say how long they may be kept.
 *
 * @module
 */
import { ProtocolError } from "../base/errors.ts";
import { isPromise } from "../base/promises.ts";
import type { JsonObject } from "../wire/json_rpc.ts";
import { PROTOCOL_VERSIONS } from "../wire/protocol_versions.ts";
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
} from "./feature_methods.ts";
import { keptList } from "./kept_lists.ts";
import { INPUT_REQUIRED, inRounds } from "./input_rounds.ts";
import { cancelled } from "./legacy_methods.ts";
import type { Method, MethodTable, ServerProfile } from "./method_table.ts";

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
    ["server/discover", completed(discover, PUBLIC)],
    ["tools/list", keptList(completed(listTools, PUBLIC), ({ tools }) => tools)],
    ["tools/call", completed(inRounds(callTool))],
    ["resources/list", keptList(completed(listResources, PUBLIC), ({ resources }) => resources)],
    [
      "resources/templates/list",
      keptList(
        completed(listResourceTemplates, PUBLIC),
        ({ resourceTemplates }) => resourceTemplates,
      ),
    ],
    ["resources/read", completed(inRounds(readResource), PRIVATE)],
    ["prompts/list", keptList(completed(listPrompts, PUBLIC), ({ prompts }) => prompts)],
    ["prompts/get", completed(inRounds(getPrompt))],
    ["completion/complete", completed(complete)],
  ]),
  notifications: new Map([["notifications/cancelled", cancelled]]),
};

function completed(method: Method, caching?: JsonObject): Method {
  return (params, call, server) => {
    try {
      const result = method(params, call, server);
      return isPromise(result)
        ? result.then((settled) => finished(settled, server, caching), rethrow)
        : finished(result, server, caching);
    } catch (error) {
      return rethrow(error);
    }
  };
}

/** -32002 is not to be sent any more, whoever throws it (2026-07-28, basic/index, Error Codes). */
function rethrow(error: unknown): never {
  if (!(error instanceof ProtocolError) || error.kind !== "resource_not_found") throw error;
  throw new ProtocolError("invalid_params", error.message, { data: error.data });
}

function finished(result: unknown, server: ServerProfile, caching?: JsonObject): JsonObject {
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

const metas = new WeakMap<ServerProfile, JsonObject>();

/** What every result says of its server; made once. */
function serverMeta(server: ServerProfile): JsonObject {
  const known = metas.get(server);
  if (known !== undefined) return known;
  const meta = { [SERVER_INFO_KEY]: server.info };
  metas.set(server, meta);
  return meta;
}
