/**
 * Opens the store that several instances share (`MCP_STORE`).
 *
 * @module
 */
import { ConfigError, messageOf } from "../base/errors.ts";
import { logFor } from "../base/log.ts";
import type { Settings } from "../base/settings.ts";
import type { AppOptions } from "../http/app_types.ts";
import type { SharedStore } from "../store/shared_store.ts";

/** Prefix of an `MCP_STORE` that is Deno KV; the path of a local database may follow. */
const KV = "kv:";
/** Time between two looks into an inbox of Deno KV (ms), and of a local one, which has no watch. */
const POLL_MS = 5_000;
const LOCAL_POLL_MS = 100;
/** How long a start waits for a local database that is locked (ms). */
const LOCKED_MS = 5_000;
/** Longest pause between two tries to open it (ms). */
const LOCKED_PAUSE_MS = 50;
const TRIES_BEFORE_WARNING = 10;
/** The port of Redis, if the URL names none. */
const REDIS_PORT = 6379;
const log = logFor("store");

/**
 * Makes this process one of several instances, if `MCP_STORE` is set. Its app joins the others when it
 * starts.
 *
 * @example
 * ```ts ignore
 * const settings = readSettings();
 * const fleet = await openFleet(settings);
 * await serve(createApp({ tools: [greet], settings, fleet, heap, resident }));
 * ```
 *
 * @returns the option `fleet` of `createApp()`; undefined without a store
 * @throws {ConfigError} for a store without `MCP_SESSION_KEY`, and for a Deno KV that cannot be
 *   opened
 */
export async function openFleet(
  settings: Settings,
): Promise<AppOptions["fleet"]> {
  const { MCP_STORE: url, MCP_SESSION_KEY } = settings;
  if (url === undefined) return undefined;
  if (MCP_SESSION_KEY === undefined) {
    throw new ConfigError(
      "MCP_STORE needs MCP_SESSION_KEY, the same for all instances: without it no instance knows " +
        "the sessions of another",
    );
  }
  const [{ Fleet }, store] = await Promise.all([
    import("../fleet/fleet.ts"),
    url.startsWith(KV) ? openKv(url.slice(KV.length), settings) : openRedis(url, settings),
  ]);
  return (wheel, emit) => new Fleet(store, wheel, emit);
}

async function openRedis(url: string, settings: Settings): Promise<SharedStore> {
  requireAccess(url);
  const [{ RedisStore }, { loadRedisClient }] = await Promise.all([
    import("../store/redis/redis_store.ts"),
    import("../store/redis/client.ts"),
  ]);
  await loadRedisClient();
  return new RedisStore({ url, ...boundsOf(settings) });
}

/** A permission that is missing at the start is missing for good. */
function requireAccess(url: string): void {
  const { hostname, port } = new URL(url);
  const host = `${hostname}:${port || REDIS_PORT}`;
  if (Deno.permissions.querySync({ name: "net", host }).state === "granted") return;
  throw new ConfigError(
    `MCP_STORE: this process may not connect to ${host}; add it to --allow-net in the command, such ` +
      `as --allow-net=0.0.0.0:8000,${host}`,
  );
}

/** @param path of a local database; empty for the one that the platform offers */
async function openKv(path: string, settings: Settings): Promise<SharedStore> {
  if (!("openKv" in Deno)) {
    throw new ConfigError(
      "MCP_STORE=kv: needs Deno's flag --unstable-kv, which deno.json gives; add it to the command",
    );
  }
  const [{ KvStore }, { isLocked }] = await Promise.all([
    import("../store/kv/kv_store.ts"),
    import("../store/kv/kv.ts"),
  ]);
  try {
    const kv = await retried(() => Deno.openKv(path === "" ? undefined : path), {
      mayPass: isLocked,
      onWait: () => log.warning("Another process has locked the database of MCP_STORE; waiting"),
    });
    const pollMs = path === "" ? POLL_MS : LOCAL_POLL_MS;
    return new KvStore({ kv, pollMs, ...boundsOf(settings) });
  } catch (error) {
    const hint = path === ""
      ? ""
      : isLocked(error)
      ? "; another process holds it: end that one, or name another file"
      : `; grant --allow-read and --allow-write for ${path}`;
    throw new ConfigError(`MCP_STORE=kv:${path} cannot be opened: ${messageOf(error)}${hint}`);
  }
}

/** Tries again for a while: of instances that create a database together, one may find it locked. */
async function retried<T>(attempt: () => Promise<T>, { mayPass, onWait }: {
  readonly mayPass: (error: unknown) => boolean;
  readonly onWait: () => void;
}): Promise<T> {
  const deadline = performance.now() + LOCKED_MS;
  for (let tries = 1;; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (!mayPass(error) || performance.now() > deadline) throw error;
    }
    if (tries === TRIES_BEFORE_WARNING) onWait();
    await new Promise((resolve) => setTimeout(resolve, Math.random() * LOCKED_PAUSE_MS));
  }
}

function boundsOf(settings: Settings) {
  return {
    prefix: settings.MCP_STORE_PREFIX,
    leaseMs: settings.MCP_STORE_LEASE_MS,
    maxEvents: settings.MCP_REPLAY_EVENTS,
    maxStreamBytes: settings.MCP_REPLAY_BYTES,
    maxAgeMs: settings.MCP_REPLAY_MS,
    sessionMs: settings.MCP_SESSION_MAX_MS,
  };
}
