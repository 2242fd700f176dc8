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
import { RelayedFeatures, type Selection, type SendRequest } from "./features.ts";
import { type OnCollision, relayedLists } from "./relayed_lists.ts";
import type { Connection, GatewayServer } from "./server.ts";
import type { ServerRequests } from "./upstream.ts";

/** Most entries of one list of a server. */
const MAX_ENTRIES = 10_000;
const CHANGED: Readonly<Record<string, string>> = {
  [NOTIFICATIONS.toolsChanged]: "tools",
  [NOTIFICATIONS.resourcesChanged]: "resources",
  [NOTIFICATIONS.promptsChanged]: "prompts",
};
const log = logFor("gateway");

/** All that a server has, under its own names. */
export const ALL: Selection = {
  prefix: "",
  allow: undefined,
  block: [],
  scopes: [],
  toolScopes: {},
  timeoutMs: undefined,
};

/** A catalog that serves a server, and how it names the server's features. */
export interface RelayTarget {
  readonly catalog: Catalog;
  readonly selection?: Selection;
  readonly send?: SendRequest;
  /** Called before each request of a client that is passed on. */
  readonly onRequest?: () => void;
  /** Told of tools and prompts that another server has under the same name. */
  readonly onCollision?: OnCollision;
  /** Called with the names of all tools of the server, also those that are not served. */
  readonly onTools?: (names: readonly string[]) => void;
}

/** Serves a server by catalogs, from its first connection on. */
export function relay(server: GatewayServer, ...targets: readonly RelayTarget[]): void {
  const served = targets.map(({ catalog, selection = ALL, onCollision, ...passing }) => {
    const features = new RelayedFeatures(server, selection, passing);
    catalog.addUnlisted(features.unlisted());
    return relayedLists(catalog, features, onCollision);
  });
  const load = async ({ upstream, facts }: Connection, only?: string): Promise<void> => {
    for (const [at, { capability, method, key }] of served[0]!.entries()) {
      if (only !== undefined && capability !== only) continue;
      const listed = isObject(facts.capabilities[capability])
        ? await entriesOf(upstream, method, key)
        : [];
      if (listed === undefined) continue;
      const entries = server.entries.share(key, listed);
      for (const lists of served) lists[at]!.replace(entries);
      if (key !== "tools") continue;
      const names = entries.map(({ name }) => String(name));
      for (const { onTools } of targets) onTools?.(names);
    }
  };
  server.onConnected = load;
  const { onNotification } = server;
  server.onNotification = (message: JsonRpcNotification) => {
    onNotification(message);
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
  upstream: ServerRequests,
  method: string,
  key: string,
): Promise<readonly JsonObject[] | undefined> {
  const entries: JsonObject[] = [];
  // A server that repeats a cursor would cause an endless loop.
  const cursors = new Set<unknown>();
  let cursor: unknown;
  try {
    do {
      cursors.add(cursor);
      const page = await upstream.request(method, cursor === undefined ? {} : { cursor });
      const listed = page[key];
      if (Array.isArray(listed)) entries.push(...listed.filter(isObject));
      cursor = typeof page.nextCursor === "string" ? page.nextCursor : undefined;
    } while (cursor !== undefined && !cursors.has(cursor) && entries.length < MAX_ENTRIES);
  } catch (error) {
    logFailure(method, error);
    return undefined;
  }
  if (cursor !== undefined) {
    const reason = cursors.has(cursor) ? "it repeats a cursor" : `it is longer than ${MAX_ENTRIES}`;
    log.warning("List of a server is cut", { of: method, entries: entries.length, reason });
  }
  return entries.slice(0, MAX_ENTRIES);
}

function logFailure(of: string, error: unknown): void {
  log.warning("List of a server cannot be read", { of, error: messageOf(error) });
}
