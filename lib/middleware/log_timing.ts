import { type Clock, monotonic } from "../base/clock.ts";
import { CallAborted, ProtocolError } from "../base/errors.ts";
import { logFor } from "../base/log.ts";
import { FUNCTION, numberFrom, requireOptions } from "../base/members.ts";
import type { Middleware } from "../registry/middleware.ts";
import { refuse } from "./options.ts";

/** Which requests are logged. */
export interface TimingOptions {
  /** Only requests that take at least this long (ms); default: all. */
  readonly minMs?: number;
  readonly clock?: Clock;
}

const log = logFor("timing");

/**
 * Middleware that logs how long each request took and how it ended, on the level `info`.
 *
 * @throws {ConfigError} for a time that is negative or no number
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createApp, logTiming } from "../mod.ts";
 *
 * const app = createApp({ use: [logTiming({ minMs: 100 })] });
 * assertEquals(app.catalog.tools.size, 0);
 * app.stop();
 * ```
 */
export function logTiming(options: TimingOptions = {}): Middleware {
  const checks = { minMs: numberFrom(0, Infinity), clock: FUNCTION };
  requireOptions(options, { owner: "logTiming()", checks, refuse });
  const { minMs = 0, clock = monotonic } = options;
  return async function logTiming({ method, name }, next) {
    const startedAt = clock();
    const finish = (outcome: string): void => {
      const durationMs = clock() - startedAt;
      if (durationMs < minMs) return;
      log.info("Request timed", { method, name, outcome, duration_ms: Math.round(durationMs) });
    };
    try {
      const result = await next();
      finish(result.isError === true ? "tool_error" : "ok");
      return result;
    } catch (error) {
      finish(outcomeOf(error));
      throw error;
    }
  };
}

function outcomeOf(error: unknown): string {
  if (error instanceof ProtocolError) return error.kind;
  return error instanceof CallAborted ? error.reason : "internal_error";
}
