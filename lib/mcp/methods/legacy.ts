/**
 * The methods of the revisions that begin with `initialize`, which the plain dialect shares.
 *
 * @module
 */
import { CallAborted, ProtocolError } from "../../base/errors.ts";
import { isPromise } from "../../base/promises.ts";
import { isObject, type JsonObject } from "../../wire/json_rpc.ts";
import type { LoggingLevel } from "../../wire/mcp_types.ts";
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
import { readInitialize } from "../session/client_state.ts";
import { LOG_SEVERITY } from "../log_levels.ts";
import type { Method, MethodTable, NotificationHandler } from "./table.ts";

const initialize: Method = (params, { exchange }, { info, instructions }) => {
  const { protocolVersion } = params;
  if (typeof protocolVersion !== "string") {
    throw new ProtocolError("invalid_params", 'Invalid params: "protocolVersion" must be a string');
  }
  const agreement = readInitialize(params);
  exchange.session?.setNegotiated(agreement);
  return {
    protocolVersion: agreement.version,
    capabilities: SERVER_CAPABILITIES,
    serverInfo: info,
    ...(instructions !== undefined && { instructions }),
  };
};

const ping: Method = () => ({});

/** `logging/setLevel` (2025-11-25, server/utilities/logging). */
const setLogLevel: Method = ({ level }, { exchange }) => {
  if (typeof level !== "string" || !Object.hasOwn(LOG_SEVERITY, level)) {
    throw new ProtocolError(
      "invalid_params",
      `Invalid params: "level" must be one of ${Object.keys(LOG_SEVERITY).join(", ")}`,
    );
  }
  if (exchange.session !== undefined) exchange.session.logLevel = level as LoggingLevel;
  return {};
};

/** Most resources one session may subscribe to. */
const MAX_SUBSCRIPTIONS = 1_000;

const subscribe: Method = ({ uri }, { exchange }) => {
  const { session } = exchange;
  if (typeof uri !== "string") throw noUri();
  if (session === undefined) {
    throw new ProtocolError("invalid_request", "Invalid request: subscribing needs a session");
  }
  if (session.subscriptions.size >= MAX_SUBSCRIPTIONS) {
    throw new ProtocolError("too_many_requests", `At most ${MAX_SUBSCRIPTIONS} subscriptions`);
  }
  session.subscriptions.add(uri);
  return {};
};

const unsubscribe: Method = ({ uri }, { exchange }) => {
  if (typeof uri !== "string") throw noUri();
  exchange.session?.subscriptions.delete(uri);
  return {};
};

/** Ids that are unknown or malformed are ignored (2025-11-25, utilities/cancellation). */
export const cancelled: NotificationHandler = ({ params }, { inFlight }) => {
  const { requestId, reason } = isObject(params) ? params : {};
  if (typeof requestId !== "string" && typeof requestId !== "number") return;
  const why = typeof reason === "string" ? `: ${reason}` : "";
  inFlight.cancel(requestId, new CallAborted("cancelled", `Cancelled by the client${why}`));
};

export const LEGACY_METHODS: MethodTable = {
  requests: new Map<string, Method>([
    ["initialize", initialize],
    ["ping", ping],
    ["logging/setLevel", setLogLevel],
    ["tools/list", cachedList(withObjectSchemas(listTools), ({ tools }) => tools)],
    ["tools/call", withObjectContent(callTool)],
    ["resources/list", cachedList(listResources, ({ resources }) => resources)],
    [
      "resources/templates/list",
      cachedList(listResourceTemplates, ({ resourceTemplates }) => resourceTemplates),
    ],
    ["resources/read", readResource],
    ["resources/subscribe", subscribe],
    ["resources/unsubscribe", unsubscribe],
    ["prompts/list", cachedList(listPrompts, ({ prompts }) => prompts)],
    ["prompts/get", getPrompt],
    ["completion/complete", complete],
  ]),
  notifications: new Map([["notifications/cancelled", cancelled]]),
};

/** Before 2026-07-28 structured content was an object; any other stays in the text content. */
function withObjectContent(method: Method): Method {
  return (params, call, server) => {
    const result = method(params, call, server);
    return isPromise(result) ? result.then(objectContent) : objectContent(result);
  };
}

function objectContent(result: unknown): unknown {
  if (!isObject(result) || !("structuredContent" in result)) return result;
  if (isObject(result.structuredContent)) return result;
  const { structuredContent: _, ...rest } = result;
  return rest;
}

function withObjectSchemas(method: Method): Method {
  return (params, call, server) => {
    const result = method(params, call, server) as { readonly tools: readonly JsonObject[] };
    return { ...result, tools: result.tools.map(withoutOtherOutput) };
  };
}

function withoutOtherOutput(listing: JsonObject): JsonObject {
  const { outputSchema, ...rest } = listing;
  return !isObject(outputSchema) || outputSchema.type === "object" ? listing : rest;
}

function noUri(): ProtocolError {
  return new ProtocolError("invalid_params", 'Invalid params: "uri" must be a string');
}
