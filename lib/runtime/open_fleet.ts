/**
 * Opens the store that several instances share (`MCP_STORE`).
 *
 * @module
 */
import { ConfigError } from "../base/errors.ts";
import type { Settings } from "../base/settings.ts";
import type { TimerWheel } from "../base/timer_wheel.ts";
import type { Fleet } from "../fleet/fleet.ts";

/**
 * Makes this process one of several instances, where `MCP_STORE` is set.
 *
 * @returns the option `fleet` of `createApp()`; undefined where no store is set
 * @throws {ConfigError} for a store without `MCP_SESSION_KEY`
 */
export async function openFleet(
  settings: Settings,
): Promise<((wheel: TimerWheel) => Fleet) | undefined> {
  const { MCP_STORE: url, MCP_SESSION_KEY } = settings;
  if (url === undefined) return undefined;
  if (MCP_SESSION_KEY === undefined) {
    throw new ConfigError(
      "MCP_STORE needs MCP_SESSION_KEY, the same for all instances: without it no instance knows the " +
        "sessions of another",
    );
  }
  const [{ Fleet }, { RedisStore }] = await Promise.all([
    import("../fleet/fleet.ts"),
    import("../store/redis/redis_store.ts"),
  ]);
  const store = new RedisStore({
    url,
    prefix: settings.MCP_STORE_PREFIX,
    leaseMs: settings.MCP_STORE_LEASE_MS,
    maxEvents: settings.MCP_REPLAY_EVENTS,
    maxStreamBytes: settings.MCP_REPLAY_BYTES,
    maxAgeMs: settings.MCP_REPLAY_MS,
    sessionMs: settings.MCP_SESSION_MAX_MS,
  });
  return (wheel) => new Fleet(store, wheel);
}
