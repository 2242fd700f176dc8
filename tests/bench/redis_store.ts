import { RedisStore } from "../../lib/store/redis/redis_store.ts";

/** A store as an instance has it, with the default settings. */
export function benchStore(url: string): RedisStore {
  return new RedisStore({
    url,
    prefix: "lifeline:",
    leaseMs: 5_000,
    maxEvents: 1_000,
    maxStreamBytes: 524_288,
    maxAgeMs: 600_000,
    sessionMs: 86_400_000,
  });
}
