import { type Clock, monotonic } from "../base/clock.ts";
import { LruMap } from "../base/lru_map.ts";
import { isOfTools, type Middleware, type MiddlewareCall } from "../registry/middleware.ts";
import { isObject } from "../wire/json_rpc.ts";
import { METHODS } from "../wire/methods.ts";
import { requirePositive } from "./rate_limit.ts";

/** Options of {@linkcode cacheResults}. */
export interface CacheOptions {
  /** How long a result may be given again (ms). */
  readonly ttlMs: number;
  /**
   * The tools with cached results: those that only read, and nothing from `ctx.session`. In a group
   * their names may lack its prefix.
   */
  readonly tools: readonly string[];
  /**
   * Whether callers share results; default: no. Use it only for tools with results that do not
   * depend on the caller.
   */
  readonly isShared?: boolean;
  /** Results that are kept; the one unused for longest goes first. */
  readonly maxEntries?: number;
  readonly clock?: Clock;
}

interface Entry {
  /** As JSON: what middleware outside changes in one result is not in the next one. */
  readonly text: string;
  readonly until: number;
}

const MAX_ENTRIES = 1_000;

/**
 * Middleware that returns a cached result of a tool for a call with the same arguments. Results
 * with `isError` are not cached. The order of the arguments' members does not matter.
 *
 * @throws {ConfigError} for a time or number of entries that is not positive
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { cacheResults, createApp, defineTool } from "../mod.ts";
 *
 * const rates = defineTool({ name: "rates", description: "Exchange rates", run: () => "1.1" });
 * const use = [cacheResults({ tools: ["rates"], ttlMs: 60_000, isShared: true })];
 * const app = createApp({ tools: [rates], use });
 * assertEquals(app.catalog.tools.size, 1);
 * app.stop();
 * ```
 */
export function cacheResults(options: CacheOptions): Middleware {
  const { ttlMs, isShared = false, maxEntries = MAX_ENTRIES, clock = monotonic } = options;
  requirePositive({ ttlMs, maxEntries });
  const tools = new Set(options.tools);
  const entries = new LruMap<string, Entry>(maxEntries);
  return async function cacheResults(call, next) {
    if (call.method !== METHODS.callTool || !isOfTools(call, tools)) return await next();
    const key = keyOf(call, isShared);
    const known = entries.get(key);
    if (known !== undefined && clock() < known.until) return JSON.parse(known.text);
    const result = await next();
    if (result.isError !== true) {
      entries.set(key, { text: JSON.stringify(result), until: clock() + ttlMs });
    }
    return result;
  };
}

function keyOf({ name, arguments: args, caller, ctx }: MiddlewareCall, isShared: boolean): string {
  const owner = isShared ? null : [caller.principal ?? null, caller.address, ctx.headers];
  return JSON.stringify([name, args, owner], sortKeys);
}

function sortKeys(_key: string, value: unknown): unknown {
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1));
}
