/**
 * Keeps the catalog of an app like the lists of a server.
 *
 * @module
 */
import { messageOf } from "../base/errors.ts";
import { logFor } from "../base/log.ts";
import { settlesWithin } from "../base/promises.ts";
import type { Catalog } from "../registry/catalog.ts";
import { isObject, type JsonObject, type JsonRpcNotification } from "../wire/json_rpc.ts";
import { NOTIFICATIONS } from "../wire/methods.ts";
import { RelayedFeatures, type Selection, type SendRequest } from "./features.ts";
import { readList, type ServerList } from "./list_pages.ts";
import { type OnCollision, relayedLists } from "./relayed_lists.ts";
import type { Connection, GatewayServer } from "./server.ts";
import type { ServerRequests } from "./upstream.ts";

/** How long a changed list is waited for before the next change is looked at (ms). */
const RELOAD_MS = 30_000;
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
        ? await entriesOf(upstream, server.name, { method, key })
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
  const reload = async (capability: string): Promise<void> => {
    try {
      await load(await server.connect(), capability);
    } catch (error) {
      logFailure(server.name, capability, error);
    }
  };
  const refresh = oneAtATime(reload);
  const { onNotification } = server;
  server.onNotification = (message: JsonRpcNotification) => {
    onNotification(message);
    const changed = CHANGED[message.method];
    if (changed !== undefined) {
      refresh(changed);
    } else if (message.method === NOTIFICATIONS.message) {
      // Its request is unknown, so no client gets it.
      log.debug("Server logged", { server: server.name, ...message.params });
    }
  };
}

/**
 * Runs a function for a key, and once more after it if it is asked for meanwhile: the second run sees
 * every change that was told during the first.
 */
function oneAtATime(run: (key: string) => Promise<void>): (key: string) => void {
  const running = new Map<string, { isDue: boolean }>();
  const start = async (key: string): Promise<void> => {
    const state = { isDue: true };
    running.set(key, state);
    while (state.isDue) {
      state.isDue = false;
      await settlesWithin(RELOAD_MS, run(key));
    }
    running.delete(key);
  };
  return (key) => {
    const state = running.get(key);
    if (state !== undefined) state.isDue = true;
    else void start(key);
  };
}

/** The entries of a list; undefined where the server cannot list them. */
async function entriesOf(
  upstream: ServerRequests,
  server: string,
  list: ServerList,
): Promise<readonly JsonObject[] | undefined> {
  const of = list.method;
  try {
    const { entries, cut } = await readList(upstream, list);
    if (cut !== undefined) {
      const fields = { server, of, entries: cut.sent, reason: cut.reason };
      log.warning("List of a server is cut", fields);
    }
    return entries;
  } catch (error) {
    logFailure(server, of, error);
    return undefined;
  }
}

function logFailure(server: string, of: string, error: unknown): void {
  log.warning("List of a server cannot be read", { server, of, error: messageOf(error) });
}
