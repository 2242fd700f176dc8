import { type Clock, monotonic } from "../base/clock.ts";
import {
  BOOLEAN,
  CHECKED_ELSEWHERE,
  FUNCTION,
  type MemberChecks,
  requireOptions,
} from "../base/members.ts";
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
import { KeptResults } from "./kept_results.ts";
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
  /** Characters of JSON that are kept in all, of results and arguments; default: 50 million. */
  readonly maxCharacters?: number;
  readonly clock?: Clock;
}

const MAX_ENTRIES = 1_000;
const MAX_CHARACTERS = 50_000_000;
const OPTIONS: MemberChecks<CacheOptions> = {
  ttlMs: CHECKED_ELSEWHERE,
  tools: CHECKED_ELSEWHERE,
  isShared: BOOLEAN,
  maxEntries: CHECKED_ELSEWHERE,
  maxCharacters: CHECKED_ELSEWHERE,
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
 *   not a list of names
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
  const { ttlMs, isShared = false, clock = monotonic } = options;
  const { maxEntries = MAX_ENTRIES, maxCharacters = MAX_CHARACTERS } = options;
  requirePositive({ ttlMs });
  requireOne({ maxEntries, maxCharacters });
  const tools = toolNames(options.tools);
  const kept = new KeptResults({ maxEntries, maxCharacters });
  const runs = new SharedRuns();
  const cacheResults = async (call: MiddlewareCall, next: Next): Promise<JsonObject> => {
    if (call.method !== METHODS.callTool || !isOfTools(call, tools)) return await next();
    const key = keyOf(call, isShared);
    const known = () => kept.get(key, clock());
    const run = async (progress: ToolContext["progress"]) => {
      const result = await next({ ...call, ctx: { ...call.ctx, progress } });
      if (result.isError === true) return { result, text: undefined };
      const text = JSON.stringify(result);
      kept.set(key, { text, until: clock() + ttlMs });
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
