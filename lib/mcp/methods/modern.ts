/**
 * The methods of the stateless revisions, 2026-07-28 and later: every result says what kind it is
 * and which server made it, and lists say how long they may be kept.
 *
 * @module
 */
import { ProtocolError } from "../../base/errors.ts";
import { isPromise } from "../../base/promises.ts";
import type { JsonObject } from "../../wire/json_rpc.ts";
import { META_KEYS } from "../../wire/meta.ts";
import { METHODS } from "../../wire/methods.ts";
import { PROTOCOL_VERSIONS } from "../../wire/protocol_versions.ts";
import { INPUT_REQUIRED, multiRoundTrip } from "../ask/multi_round_trip.ts";
import { featureMethods, SERVER_CAPABILITIES } from "./features.ts";
import { cachedList, type ViewedList } from "./list_cache.ts";
import { withMiddleware } from "./middleware.ts";
import { instructionsOf, type ServerContext } from "../server_context.ts";
import { NOTIFICATION_HANDLERS } from "./notifications.ts";
import { type Method, type MethodTable, unknownMethod } from "./table.ts";

/** How long a client may keep a list without asking (ms); a change is announced anyway. */
const LIST_TTL_MS = 300_000;
/** A list that is the same for everybody, unless middleware changes it. */
const PUBLIC = { ttlMs: LIST_TTL_MS, cacheScope: "public" } as const;
/** A list that may differ from caller to caller, or that only known callers may see. */
const PRIVATE_LIST = { ttlMs: LIST_TTL_MS, cacheScope: "private" } as const;
/** The contents of a resource may differ between clients and change at any time. */
const PRIVATE = { ttlMs: 0, cacheScope: "private" } as const;

/** Makes the table of one server. */
export function modernMethods(context: ServerContext): MethodTable {
  const { catalog, signer, use } = context;
  const features = featureMethods(context);
  /** The server information in every result; made once. */
  const serverMeta = { [META_KEYS.serverInfo]: context.info };
  const plain = (method: Method, caching?: JsonObject) => withEnvelope(method, serverMeta, caching);
  const anonymous = use.length === 0 ? PUBLIC : PRIVATE_LIST;
  const listing = (method: Method, source?: ViewedList) => {
    const cached = (one: Method) => source === undefined ? one : cachedList(one, source);
    return publicOrPrivate(
      cached(plain(method, anonymous)),
      cached(plain(method, PRIVATE_LIST)),
      source,
    );
  };
  const list = (name: string, method: Method, source?: ViewedList): [string, Method] => [
    name,
    withMiddleware(use, name, listing(method, source)),
  ];
  const asking = (method: Method, caching?: JsonObject) =>
    plain(multiRoundTrip(method, signer), caching);
  const requests = new Map<string, Method>([
    list(METHODS.discover, discoverWith(context)),
    list(METHODS.listTools, features.listTools, catalog.tools),
    [METHODS.callTool, asking(features.callTool)],
    list(METHODS.listResources, features.listResources, catalog.resources),
    list(
      METHODS.listResourceTemplates,
      features.listResourceTemplates,
      catalog.resourceTemplates,
    ),
    [METHODS.readResource, asking(features.readResource, PRIVATE)],
    list(METHODS.listPrompts, features.listPrompts, catalog.prompts),
    [METHODS.getPrompt, asking(features.getPrompt)],
    [METHODS.complete, plain(features.complete)],
  ]);
  return {
    requests,
    notifications: NOTIFICATION_HANDLERS,
    refuse: (method) => unknownMethod(method, requests.keys()),
  };
}

/**
 * A cache may give a `public` result to other callers, even behind authentication (2026-07-28,
 * server/utilities/caching), so only results for anonymous callers are `public`.
 */
function publicOrPrivate(forAll: Method, forOne: Method, list?: ViewedList): Method {
  return (params, call) => {
    const isPrivate = call.scope.caller.principal !== undefined ||
      (list !== undefined && list.access.viewScopes.length > 0);
    return isPrivate ? forOne(params, call) : forAll(params, call);
  };
}

/** `server/discover` (2026-07-28, server/discover). */
function discoverWith(context: ServerContext): Method {
  return () => ({
    supportedVersions: PROTOCOL_VERSIONS,
    capabilities: SERVER_CAPABILITIES,
    ...instructionsOf(context),
  });
}

function withEnvelope(method: Method, serverMeta: JsonObject, caching?: JsonObject): Method {
  return (params, call) => {
    try {
      const result = method(params, call);
      return isPromise(result)
        ? result.then((settled) => envelope(settled, serverMeta, caching), mapNotFound)
        : envelope(result, serverMeta, caching);
    } catch (error) {
      return mapNotFound(error);
    }
  };
}

/** -32002 must not be sent, even if a handler throws it (2026-07-28, basic/index, Error Codes). */
function mapNotFound(error: unknown): never {
  if (!(error instanceof ProtocolError) || error.kind !== "resource_not_found") throw error;
  throw new ProtocolError("invalid_params", error.message, { data: error.data });
}

function envelope(result: unknown, serverMeta: JsonObject, caching?: JsonObject): JsonObject {
  const members = result as JsonObject;
  const _meta = members._meta === undefined ? serverMeta : { ...serverMeta, ...members._meta };
  // An interim result asks for input and may not be kept.
  if (members.resultType === INPUT_REQUIRED) return { ...members, _meta };
  // Spreading an absent object costs as much as spreading one.
  return caching === undefined
    ? { ...members, resultType: "complete", _meta }
    : { ...members, resultType: "complete", ...caching, _meta };
}
