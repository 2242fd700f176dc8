/**
 * Scopes that a message needs. They are known before anything runs, so HTTP can answer with a
 * status.
 *
 * @module
 */
import type { Guarded } from "../registry/access.ts";
import { ALL_SCOPES } from "../auth/scopes.ts";
import type { Catalog } from "../registry/catalog.ts";
import type { Sight } from "../registry/visibility.ts";
import { isObject } from "../wire/json_rpc.ts";
import { METHODS } from "../wire/methods.ts";

const NONE: readonly string[] = [];
/** A subscription that names more resources is refused. */
const MAX_URIS = 1_000;

/**
 * The scopes that a message's tool, resources or prompt need. A feature that the sender does not
 * see needs none, because it is refused later, in the words for one that does not exist.
 *
 * @param message the received value; a malformed or unknown message is refused later, too
 * @param sight the sight of the sender's session; undefined for the default
 */
export function neededScopes(
  message: unknown,
  catalog: Catalog,
  sight: Sight | undefined,
): readonly string[] {
  if (!isObject(message) || !isObject(message.params)) return NONE;
  const { params } = message;
  switch (message.method) {
    case METHODS.callTool:
      return scopesOf(catalog.tools.find(String(params.name), sight));
    case METHODS.getPrompt:
      return scopesOf(catalog.prompts.find(String(params.name), sight));
    case METHODS.readResource:
    case METHODS.subscribe:
      return scopesOf(resourceAt(params.uri, catalog, sight));
    case METHODS.complete:
      return scopesOf(referenced(params.ref, catalog, sight));
    case METHODS.listen:
      return scopesOfSubscriptions(params.notifications, catalog, sight);
    default:
      return NONE;
  }
}

function scopesOf(thing: Guarded | undefined): readonly string[] {
  return thing?.scopes ?? NONE;
}

/** The feature that answers for a URI: its resource, or the first template that matches. */
function resourceAt(
  uri: unknown,
  catalog: Catalog,
  sight: Sight | undefined,
): Guarded | undefined {
  if (typeof uri !== "string") return undefined;
  const templates = catalog.resourceTemplates;
  return catalog.resource(uri, sight) ??
    templates.visibleTo({ granted: ALL_SCOPES, visibility: sight })
      .find((template) => template.matches(uri));
}

function referenced(
  ref: unknown,
  catalog: Catalog,
  sight: Sight | undefined,
): Guarded | undefined {
  if (!isObject(ref)) return undefined;
  return ref.type === "ref/prompt"
    ? catalog.prompts.find(String(ref.name), sight)
    : catalog.referenced(String(ref.uri), sight);
}

function scopesOfSubscriptions(
  notifications: unknown,
  catalog: Catalog,
  sight: Sight | undefined,
): readonly string[] {
  const uris = isObject(notifications) ? notifications.resourceSubscriptions : undefined;
  if (!Array.isArray(uris)) return NONE;
  const scopes = uris.slice(0, MAX_URIS)
    .flatMap((uri) => scopesOf(resourceAt(uri, catalog, sight)));
  return [...new Set(scopes)];
}
