/**
 * Scopes that a message needs. They are known before anything runs, so HTTP can answer with a
 * status.
 *
 * @module
 */
import type { Guarded } from "../registry/access.ts";
import { ALL_SCOPES } from "../auth/scopes.ts";
import type { Catalog } from "../registry/catalog.ts";
import { SEES_ALL, type Viewer } from "../registry/visibility.ts";
import { isObject } from "../wire/json_rpc.ts";
import { METHODS } from "../wire/methods.ts";

const NONE: readonly string[] = [];
/** A session may see features that are disabled for others. */
const ANYBODY: Viewer = { granted: ALL_SCOPES, visibility: SEES_ALL };
/** A subscription that names more resources is refused. */
const MAX_URIS = 1_000;

/**
 * The scopes that a message's tool, resources or prompt need.
 *
 * @param message the received value; a malformed or unknown message needs no scopes, because it is
 *   refused later
 */
export function neededScopes(message: unknown, catalog: Catalog): readonly string[] {
  if (!isObject(message) || !isObject(message.params)) return NONE;
  const { params } = message;
  switch (message.method) {
    case METHODS.callTool:
      return scopesOf(catalog.tools.find(String(params.name), SEES_ALL));
    case METHODS.getPrompt:
      return scopesOf(catalog.prompts.find(String(params.name), SEES_ALL));
    case METHODS.readResource:
    case METHODS.subscribe:
      return scopesOf(resourceAt(params.uri, catalog));
    case METHODS.complete:
      return scopesOf(referenced(params.ref, catalog));
    case METHODS.listen:
      return scopesOfSubscriptions(params.notifications, catalog);
    default:
      return NONE;
  }
}

function scopesOf(thing: Guarded | undefined): readonly string[] {
  return thing?.scopes ?? NONE;
}

/** The feature that answers for a URI: its resource, or the first template that matches. */
function resourceAt(uri: unknown, catalog: Catalog): Guarded | undefined {
  if (typeof uri !== "string") return undefined;
  return catalog.resource(uri, SEES_ALL) ??
    catalog.resourceTemplates.visibleTo(ANYBODY).find((template) => template.matches(uri));
}

function referenced(ref: unknown, catalog: Catalog): Guarded | undefined {
  if (!isObject(ref)) return undefined;
  return ref.type === "ref/prompt"
    ? catalog.prompts.find(String(ref.name), SEES_ALL)
    : catalog.referenced(String(ref.uri), SEES_ALL);
}

function scopesOfSubscriptions(notifications: unknown, catalog: Catalog): readonly string[] {
  const uris = isObject(notifications) ? notifications.resourceSubscriptions : undefined;
  if (!Array.isArray(uris)) return NONE;
  return [...new Set(uris.slice(0, MAX_URIS).flatMap((uri) => scopesOf(resourceAt(uri, catalog))))];
}
