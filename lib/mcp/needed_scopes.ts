/**
 * Scopes that a message needs. They are known before anything runs, so HTTP can answer with a
 * status.
 *
 * @module
 */
import type { Guarded } from "../registry/access.ts";
import type { Catalog } from "../registry/catalog.ts";
import { MAX_SUBSCRIBED_URI } from "../registry/uri_set.ts";
import type { Visibility } from "../registry/visibility.ts";
import { isObject } from "../wire/json_rpc.ts";
import { METHODS } from "../wire/methods.ts";

const NONE: readonly string[] = [];
/** A subscription that names more resources, or longer ones, is refused. */
const MAX_URIS = 1_000;

/**
 * The scopes that a message's tool, resources or prompt need. A feature that the sender does not
 * see needs none, because it is refused later, in the words for one that does not exist.
 *
 * @param message the received value; a malformed or unknown message is refused later, too
 * @param visibility features that the sender's session sees; undefined for the default
 */
export function neededScopes(
  message: unknown,
  catalog: Catalog,
  visibility: Visibility | undefined,
): readonly string[] {
  if (!isObject(message) || !isObject(message.params)) return NONE;
  const { params } = message;
  switch (message.method) {
    case METHODS.callTool:
      return scopesOf(catalog.tools.find(String(params.name), visibility));
    case METHODS.getPrompt:
      return scopesOf(catalog.prompts.find(String(params.name), visibility));
    case METHODS.readResource:
    case METHODS.subscribe:
      return scopesOf(answering(params.uri, catalog, visibility));
    case METHODS.complete:
      return scopesOf(referenced(params.ref, catalog, visibility));
    case METHODS.listen:
      return scopesOfSubscriptions(params.notifications, catalog, visibility);
    default:
      return NONE;
  }
}

function scopesOf(thing: Guarded | undefined): readonly string[] {
  return thing?.scopes ?? NONE;
}

function answering(
  uri: unknown,
  catalog: Catalog,
  visibility: Visibility | undefined,
): Guarded | undefined {
  if (typeof uri !== "string") return undefined;
  return catalog.answering(uri, visibility) ?? { scopes: catalog.unlistedScopes };
}

function referenced(
  ref: unknown,
  catalog: Catalog,
  visibility: Visibility | undefined,
): Guarded | undefined {
  if (!isObject(ref)) return undefined;
  return ref.type === "ref/prompt"
    ? catalog.prompts.find(String(ref.name), visibility)
    : catalog.referenced(String(ref.uri), visibility);
}

function scopesOfSubscriptions(
  notifications: unknown,
  catalog: Catalog,
  visibility: Visibility | undefined,
): readonly string[] {
  const uris = isObject(notifications) ? notifications.resourceSubscriptions : undefined;
  if (!Array.isArray(uris)) return NONE;
  const scopes = uris.slice(0, MAX_URIS)
    .filter((uri) => typeof uri === "string" && uri.length <= MAX_SUBSCRIBED_URI)
    .flatMap((uri) => scopesOf(answering(uri, catalog, visibility)));
  return [...new Set(scopes)];
}
