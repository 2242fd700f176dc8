import { type Clock, monotonic } from "../base/clock.ts";
import { UnknownNameError } from "../base/errors.ts";
import { CHECKED_ELSEWHERE, FUNCTION, type MemberChecks, requireOptions } from "../base/members.ts";
import type { MaybePromise } from "../base/promises.ts";
import { TokenBuckets } from "../base/token_buckets.ts";
import type { Caller } from "../registry/context.ts";
import {
  forTools,
  type Middleware,
  type MiddlewareCall,
  type Next,
} from "../registry/middleware.ts";
import { isOfTools, toolNames } from "../registry/named_tools.ts";
import { errorResult } from "../registry/tool_results.ts";
import type { JsonObject } from "../wire/json_rpc.ts";
import { METHODS } from "../wire/methods.ts";
import { refuse, requireOne, requirePositive } from "./options.ts";

/** How often a caller may call a tool. */
export interface RateLimitOptions {
  /** Calls a minute, of each tool and caller. */
  readonly perMinute: number;
  /** Calls at once after a time without; default: as many as in one minute, and at least 1. */
  readonly burst?: number;
  /** The tools that are limited; default: all. In a group their names may lack its prefix. */
  readonly tools?: readonly string[];
  /** Key of a caller; default: the principal, else the address. */
  readonly callerOf?: (caller: Caller) => string;
  /** Pairs of tool and caller that are remembered; the one unused for longest is forgotten first. */
  readonly maxEntries?: number;
  readonly clock?: Clock;
}

const MAX_ENTRIES = 10_000;
const OPTIONS: MemberChecks<RateLimitOptions> = {
  perMinute: CHECKED_ELSEWHERE,
  burst: CHECKED_ELSEWHERE,
  tools: CHECKED_ELSEWHERE,
  callerOf: FUNCTION,
  maxEntries: CHECKED_ELSEWHERE,
  clock: FUNCTION,
};

/**
 * Middleware that limits how often each caller may call each tool. A call over the limit is
 * answered with a result that has `isError` and says when to call again; the tool does not run.
 *
 * @throws {ConfigError} for a rate or burst that is not a positive number, and for tools that are
 *   not a list of names
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createApp, defineTool, rateLimit } from "../mod.ts";
 *
 * const search = defineTool({ name: "search", description: "Searches", run: () => "found" });
 * const app = createApp({ tools: [search], use: [rateLimit({ perMinute: 30, burst: 5 })] });
 * assertEquals(app.catalog.tools.size, 1);
 * app.stop();
 * ```
 */
export function rateLimit(options: RateLimitOptions): Middleware {
  requireOptions(options, { owner: "rateLimit()", checks: OPTIONS, refuse });
  const { perMinute, tools, callerOf = keyOf, maxEntries = MAX_ENTRIES, clock = monotonic } =
    options;
  const { burst = Math.max(1, perMinute) } = options;
  requirePositive({ perMinute });
  requireOne({ burst, maxEntries });
  const limited = tools === undefined ? undefined : toolNames(tools);
  const buckets = new TokenBuckets({ perSecond: perMinute / 60, burst }, maxEntries);
  // Names that no tool has must not push out those of tools, and they may be long.
  const unlessUnknown = (result: Promise<JsonObject>, key: string) =>
    result.catch((error) => {
      if (error instanceof UnknownNameError) buckets.forget(key);
      throw error;
    });
  const rateLimit = (call: MiddlewareCall, next: Next): MaybePromise<JsonObject> => {
    const { method, name, caller } = call;
    if (method !== METHODS.callTool) return next();
    if (limited !== undefined && !isOfTools(call, limited)) return next();
    const key = JSON.stringify([name, callerOf(caller)]);
    const waitMs = buckets.take(key, clock());
    if (waitMs === 0) return limited === undefined ? unlessUnknown(next(), key) : next();
    return errorResult(
      `Too many calls of ${name}: ${perMinute} a minute are allowed; call again in ` +
        `${Math.ceil(waitMs / 1000)} s`,
    );
  };
  return limited === undefined ? rateLimit : forTools(limited, rateLimit);
}

function keyOf({ principal, address }: Caller): string {
  return principal === undefined ? address : `principal ${principal}`;
}
