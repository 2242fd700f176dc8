import type { Settings } from "../base/settings.ts";
import { wordsFor } from "../base/members.ts";
import type { BodyLimits } from "../transport/body/large_body.ts";
import type { Core } from "../transport/dialect.ts";
import type { App } from "./app_types.ts";
import { drain } from "./drain.ts";
import type { AppLifespan } from "./lifespan.ts";
import type { Instrumentation } from "./metrics/instrumentation.ts";
import type { PendingResponses } from "./pending_responses.ts";
import type { Transports } from "../transport/endpoints/transports.ts";

/** Time for `onStop` that is granted in any case (ms). */
const MIN_STOP_MS = 1_000;

/** Start, drain and stop of an app, and its current activity. */
export function lifeOf(
  { settings, core: { wheel, streams, fleet }, transports, lifespan, pending, bodies, watch }: {
    readonly settings: Settings;
    readonly core: Core;
    readonly transports: Transports;
    readonly lifespan: AppLifespan;
    readonly pending: PendingResponses;
    readonly bodies: BodyLimits;
    readonly watch: Instrumentation;
  },
): Pick<App, "isOneOfSeveral" | "start" | "drain" | "speak" | "activity" | "stop"> {
  return {
    isOneOfSeveral: fleet !== undefined,
    start: () => lifespan.start(),
    drain: async (given = settings.MCP_DRAIN_MS) => {
      if (typeof given !== "number" || Number.isNaN(given)) {
        throw new TypeError(`drain() takes a time in ms, not ${wordsFor(given)}`);
      }
      const budgetMs = Math.max(0, given);
      const until = wheel.now() + budgetMs;
      const outcome = await drain({ server: transports.server, streams, pending }, budgetMs);
      await fleet?.leave(Math.max(until - wheel.now(), MIN_STOP_MS));
      const stopError = await lifespan.stop(Math.max(until - wheel.now(), MIN_STOP_MS));
      return stopError === undefined ? outcome : { ...outcome, stopError };
    },
    speak: async (pipe) => {
      await lifespan.start();
      await transports.main.serveStdio(pipe);
    },
    activity: () => {
      const sessions = transports.sessions.size;
      const { queuedBytes: unreadBytes } = streams.ledger();
      // Timers of idle sessions, and those of bodies, ended streams and memory that end with their next check.
      const known = sessions + streams.finalFlushCount +
        (bodies.deadlines.isScheduled ? 1 : 0) + (streams.admission.isMeasuring ? 1 : 0);
      return {
        streams: streams.size,
        sessions,
        requests: pending.size + transports.server.running,
        handlers: transports.server.abandoned,
        unreadBytes,
        timers: Math.max(0, wheel.size - known),
      };
    },
    stop: () => {
      void lifespan.stop(MIN_STOP_MS);
      for (const part of [transports, streams, watch]) part.stop();
      fleet?.stop();
    },
  };
}
