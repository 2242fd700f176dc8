import { type Clock, monotonic } from "../base/clock.ts";
import {
  BOOLEAN,
  CHECKED_ELSEWHERE,
  FUNCTION,
  type MemberChecks,
  requireOptions,
} from "../base/members.ts";
import { LruMap } from "../base/lru_map.ts";
import type { Caller, ToolContext } from "../registry/context.ts";
import {
  forTools,
  type Middleware,
  type MiddlewareCall,
  type Next,
} from "../registry/middleware.ts";
import { isOfTools, toolNames } from "../registry/named_tools.ts";
import { type JsonObject, sortKeys } from "../wire/json_rpc.ts";
import { METHODS } from "../wire/methods.ts";
import { refuse, requireOne, requirePositive } from "./options.ts";
import { SharedRuns } from "./shared_runs.ts";

/** Options of {@linkcode cacheResults}. */
export interface CacheOptions {
  /** How long a result may be given again (ms). */
  readonly ttlMs: number;
  /**
   * The tools with cached results: those that only read, neither `ctx.session` nor `ctx.meta`, and
   * do not ask the user. In a group their names may lack its prefix.
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
const OPTIONS: MemberChecks<CacheOptions> = {
  ttlMs: CHECKED_ELSEWHERE,
  tools: CHECKED_ELSEWHERE,
  isShared: BOOLEAN,
  maxEntries: CHECKED_ELSEWHERE,
  clock: FUNCTION,
};

/**
 * Middleware that returns a cached result of a tool for a call with the same arguments. Results
 * with `isError` are not cached. The order of the arguments' members does not matter.
 *
 * Calls that ask for the same result at the same time share one run and its progress. If the run
 * fails, each of the others runs by itself; if its caller cancels it, one of them runs in its place.
 *
 * @throws {ConfigError} for a time or number of entries that is not positive, and for tools that are
 *   no list of names
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
  requireOptions(options, { owner: "cacheResults()", checks: OPTIONS, refuse });
  const { ttlMs, isShared = false, maxEntries = MAX_ENTRIES, clock = monotonic } = options;
  requirePositive({ ttlMs });
  requireOne({ maxEntries });
  const tools = toolNames(options.tools);
  const entries = new LruMap<string, Entry>(maxEntries);
  const runs = new SharedRuns();
  const cacheResults = async (call: MiddlewareCall, next: Next): Promise<JsonObject> => {
    if (call.method !== METHODS.callTool || !isOfTools(call, tools)) return await next();
    const key = keyOf(call, isShared);
    const known = () => {
      const entry = entries.get(key);
      return entry !== undefined && clock() < entry.until ? entry.text : undefined;
    };
    const run = async (progress: ToolContext["progress"]) => {
      const result = await next({ ...call, ctx: { ...call.ctx, progress } });
      if (result.isError === true) return { result, text: undefined };
      const text = JSON.stringify(result);
      entries.set(key, { text, until: clock() + ttlMs });
      return { result, text };
    };
    return await runs.run(key, call.ctx, { known, run });
  };
  return forTools(tools, cacheResults);
}

/** Claims that differ between the tokens of one caller, and grant it nothing. */
const OF_TOKEN = new Set(["exp", "iat", "nbf", "jti"]);

function keyOf({ name, arguments: args, caller, ctx }: MiddlewareCall, isShared: boolean): string {
  const owner = isShared ? null : [ownerOf(caller), ctx.headers];
  return JSON.stringify([name, args, owner], sortKeys);
}

/** All that a tool may read of its caller: two tokens of one principal may allow different things. */
function ownerOf({ scopes, claims, ...caller }: Caller): unknown {
  const lasting = Object.entries(claims ?? {}).filter(([name]) => !OF_TOKEN.has(name));
  return { ...caller, scopes: scopes?.toSorted(), claims: Object.fromEntries(lasting) };
}
