/**
 * The methods of the revisions that begin with `initialize`, which the plain dialect shares.
 *
 * @module
 */
import { ProtocolError } from "../../base/errors.ts";
import { isPromise } from "../../base/promises.ts";
import type { Catalog } from "../../registry/catalog.ts";
import { MAX_SUBSCRIBED_URI } from "../../registry/uri_set.ts";
import { isObject, type JsonObject } from "../../wire/json_rpc.ts";
import { METHODS } from "../../wire/methods.ts";
import { isLogLevel, LOG_SEVERITY } from "../log_levels.ts";
import type { LegacyScope, RequestScope } from "../scope.ts";
import { readInitialize } from "../session/client_state.ts";
import { featureMethods, SERVER_CAPABILITIES } from "./features.ts";
import { cachedList } from "./list_cache.ts";
import { withMiddleware } from "./middleware.ts";
import { instructionsOf, type ServerContext } from "../server_context.ts";
import { NOTIFICATION_HANDLERS } from "./notifications.ts";
import { type Method, type MethodTable, unknownMethod } from "./table.ts";

/** The tables of one server for the legacy revisions. */
export interface LegacyMethods {
  /** For messages that belong to a session. */
  readonly legacy: MethodTable<LegacyScope>;
  /** For calls without a session: what needs one is not in it. */
  readonly sessionless: MethodTable;
}

/** Makes the tables of one server. */
export function legacyMethods(context: ServerContext): LegacyMethods {
  const { catalog, use } = context;
  const features = featureMethods(context);
  const listTools = withObjectSchemas(features.listTools);
  const wrapped = <S extends RequestScope>([name, method]: readonly [string, Method<S>]) =>
    [name, withMiddleware(use, name, method)] as const;
  const templates = cachedList(features.listResourceTemplates, catalog.resourceTemplates);
  const lists: readonly [string, Method][] = [
    [METHODS.listTools, cachedList(listTools, catalog.tools)],
    [METHODS.listResources, cachedList(features.listResources, catalog.resources)],
    [METHODS.listResourceTemplates, templates],
    [METHODS.listPrompts, cachedList(features.listPrompts, catalog.prompts)],
  ];
  const shared: readonly (readonly [string, Method])[] = [
    [METHODS.ping, () => ({})],
    ...lists.map(wrapped),
    [METHODS.complete, features.complete],
  ];
  const running: readonly [string, Method][] = [
    [METHODS.callTool, withObjectContent(features.callTool)],
    [METHODS.readResource, features.readResource],
    [METHODS.getPrompt, features.getPrompt],
  ];
  const session: readonly [string, Method<LegacyScope>][] = [
    [METHODS.initialize, initializeWith(context)],
    [METHODS.setLogLevel, setLogLevel],
    [METHODS.subscribe, subscribeWith(catalog)],
    [METHODS.unsubscribe, unsubscribe],
  ];
  const legacy = new Map<string, Method<LegacyScope>>([
    ...shared,
    ...running.map(([name, method]) => [name, withQuestions(method)] as const),
    ...session.map(wrapped),
  ]);
  const sessionless = new Map<string, Method>([...shared, ...running]);
  const notifications = NOTIFICATION_HANDLERS;
  return {
    legacy: {
      requests: legacy,
      notifications,
      refuse: (method) => unknownMethod(method, legacy.keys()),
    },
    sessionless: {
      requests: sessionless,
      notifications,
      refuse: (method) =>
        legacy.has(method) ? needsSession(method) : unknownMethod(method, sessionless.keys()),
    },
  };
}

function initializeWith(context: ServerContext): Method<LegacyScope> {
  return (params, { scope }) => {
    if (typeof params.protocolVersion !== "string") {
      throw new ProtocolError(
        "invalid_params",
        'Invalid params: "protocolVersion" must be a string',
      );
    }
    const negotiated = readInitialize(params);
    scope.session.setNegotiated(negotiated);
    return {
      protocolVersion: negotiated.version,
      capabilities: SERVER_CAPABILITIES,
      serverInfo: context.info,
      ...instructionsOf(context),
    };
  };
}

/** `logging/setLevel` (2025-11-25, server/utilities/logging). */
const setLogLevel: Method<LegacyScope> = ({ level }, { scope }) => {
  if (!isLogLevel(level)) {
    throw new ProtocolError(
      "invalid_params",
      `Invalid params: "level" must be one of ${Object.keys(LOG_SEVERITY).join(", ")}`,
    );
  }
  scope.session.logLevel = level;
  return {};
};

/** Most resources one session may subscribe to. */
const MAX_SUBSCRIPTIONS = 1_000;

/** `resources/subscribe` (2025-11-25, server/resources, Subscriptions). */
const subscribeWith = (catalog: Catalog): Method<LegacyScope> => (params, { scope }) => {
  const uri = uriParam(params);
  const { subscriptions } = scope.session;
  if (subscriptions.size >= MAX_SUBSCRIPTIONS && !subscriptions.has(uri)) {
    throw new ProtocolError(
      "too_many_requests",
      `Too many subscriptions: a session may have ${MAX_SUBSCRIPTIONS}; unsubscribe from another ` +
        "resource first",
    );
  }
  scope.session.subscribe(uri, scope.caller.scopes);
  const holding = scope.session.subscribed === undefined
    ? undefined
    : catalog.watcher?.holding(uri);
  if (holding === undefined) return {};
  return holding.then(() => ({}), (error) => {
    subscriptions.delete(uri);
    throw error;
  });
};

const unsubscribe: Method<LegacyScope> = (params, { scope }) => {
  scope.session.subscriptions.delete(uriParam(params));
  return {};
};

/** Lets a method's handler ask the client, by requests of its session. */
function withQuestions(method: Method): Method<LegacyScope> {
  return (params, call) => {
    call.setAsker(call.scope.session);
    return method(params, call);
  };
}

/** Before 2026-07-28 structured content was an object; any other stays in the text content. */
function withObjectContent(method: Method): Method {
  return (params, call) => {
    const result = method(params, call);
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
  return (params, call) => {
    const result = method(params, call) as { readonly tools: readonly JsonObject[] };
    return { ...result, tools: result.tools.map(withoutOtherOutput) };
  };
}

function withoutOtherOutput(listing: JsonObject): JsonObject {
  const { outputSchema, ...rest } = listing;
  return !isObject(outputSchema) || outputSchema.type === "object" ? listing : rest;
}

function uriParam({ uri }: JsonObject): string {
  if (typeof uri === "string" && uri.length <= MAX_SUBSCRIBED_URI) return uri;
  throw new ProtocolError(
    "invalid_params",
    `Invalid params: "uri" must be a string of at most ${MAX_SUBSCRIBED_URI} characters`,
  );
}

function needsSession(method: string): ProtocolError {
  return new ProtocolError(
    "method_not_found",
    `Method not found: ${method} needs a session; send initialize first, and then this request ` +
      "within its session",
  );
}
