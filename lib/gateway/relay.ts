/**
 * Keeps the catalog of an app like the lists of a server.
 *
 * @module
 */
import { messageOf } from "../base/errors.ts";
import { logFor } from "../base/log.ts";
import type { Catalog } from "../registry/catalog.ts";
import { isObject, type JsonObject, type JsonRpcNotification } from "../wire/json_rpc.ts";
import { NOTIFICATIONS } from "../wire/methods.ts";
import { RelayedFeatures, relayedLists, type Selection } from "./features.ts";
import type { Connection, GatewayServer } from "./server.ts";
import type { Upstream } from "./upstream.ts";

/** Most entries of one list of a server. */
const MAX_ENTRIES = 10_000;
const CHANGED: Readonly<Record<string, string>> = {
  [NOTIFICATIONS.toolsChanged]: "tools",
  [NOTIFICATIONS.resourcesChanged]: "resources",
  [NOTIFICATIONS.promptsChanged]: "prompts",
};
const log = logFor("gateway");

/** All that a server has, under its own names. */
export const ALL: Selection = { prefix: "", allow: undefined, block: [] };

/** Serves a server by an app's catalog, from its first connection on. */
export function relay(
  server: GatewayServer,
  catalog: Catalog,
  selection: Selection = ALL,
): void {
  const lists = relayedLists(catalog, new RelayedFeatures(server, selection));
  const load = async ({ upstream, facts }: Connection, only?: string): Promise<void> => {
    for (const { capability, method, key, replace } of lists) {
      if (only !== undefined && capability !== only) continue;
      const entries = isObject(facts.capabilities[capability])
        ? await entriesOf(upstream, method, key)
        : [];
      if (entries !== undefined) replace(entries);
    }
  };
  server.onConnected = load;
  server.onNotification = (message: JsonRpcNotification) => {
    const changed = CHANGED[message.method];
    if (changed !== undefined) {
      server.connect().then((connection) => load(connection, changed))
        .catch((error) => logFailure(server.name, error));
    } else if (message.method === NOTIFICATIONS.message) {
      // Its request is unknown, so no client gets it.
      log.debug("Server logged", { server: server.name, ...message.params });
    }
  };
}

/** All entries of a list; undefined where the server cannot list them. */
async function entriesOf(
  upstream: Upstream,
  method: string,
  key: string,
): Promise<readonly JsonObject[] | undefined> {
  const entries: JsonObject[] = [];
  let cursor: unknown;
  try {
    do {
      const page = await upstream.request(method, cursor === undefined ? {} : { cursor });
      const listed = page[key];
      if (Array.isArray(listed)) entries.push(...listed.filter(isObject));
      // A server that repeats a cursor would cause an endless loop.
      cursor = page.nextCursor === cursor ? undefined : page.nextCursor;
    } while (cursor !== undefined && entries.length < MAX_ENTRIES);
  } catch (error) {
    logFailure(method, error);
    return undefined;
  }
  return entries;
}

function logFailure(of: string, error: unknown): void {
  log.warning("List of a server cannot be read", { of, error: messageOf(error) });
}
