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
import { type OnCollision, relayedLists } from "./relayed_lists.ts";
import type { Connection, GatewayServer } from "./server.ts";
import type { ServerRequests } from "./upstream.ts";

/** Most entries of one list of a server, and most pages. */
const MAX_ENTRIES = 10_000;
const MAX_PAGES = 1_000;
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
        ? await entriesOf(upstream, { server: server.name, method, key })
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

/** All entries of a list; undefined where the server cannot list them. */
async function entriesOf(
  upstream: ServerRequests,
  { server, method, key }: {
    readonly server: string;
    readonly method: string;
    readonly key: string;
  },
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
      if (Array.isArray(listed)) { for (const one of listed) if (isObject(one)) entries.push(one); }
      cursor = typeof page.nextCursor === "string" ? page.nextCursor : undefined;
    } while (
      cursor !== undefined && !cursors.has(cursor) && entries.length < MAX_ENTRIES &&
      cursors.size < MAX_PAGES
    );
  } catch (error) {
    logFailure(server, method, error);
    return undefined;
  }
  const cut = reasonOfCut(entries.length, cursor, cursors);
  if (cut !== undefined) {
    const fields = { server, of: method, entries: entries.length, reason: cut };
    log.warning("List of a server is cut", fields);
  }
  return entries.slice(0, MAX_ENTRIES);
}

/** @returns undefined if the list is complete */
function reasonOfCut(
  entries: number,
  cursor: unknown,
  cursors: ReadonlySet<unknown>,
): string | undefined {
  if (entries > MAX_ENTRIES) return `it is longer than ${MAX_ENTRIES}`;
  if (cursor === undefined) return undefined;
  if (cursors.has(cursor)) return "it repeats a cursor";
  return entries < MAX_ENTRIES
    ? `it has more than ${MAX_PAGES} pages`
    : `it is longer than ${MAX_ENTRIES}`;
}

function logFailure(server: string, of: string, error: unknown): void {
  log.warning("List of a server cannot be read", { server, of, error: messageOf(error) });
}
