/**
 * The figures of one app, as Prometheus scrapes them. Each app has a registry of its own.
 *
 * Every label has a fixed set of values or a bound on them: nothing that a client sends can make a
 * new series.
 *
 * @module
 */
import Counter from "prom-client/lib/counter.js";
import Histogram from "prom-client/lib/histogram.js";
import Registry from "prom-client/lib/registry.js";
import type { ProtocolErrorKind } from "../base/errors.ts";
import type {
  ObservedCall,
  ObservedConnection,
  ObservedSession,
  Observer,
  Outcome,
} from "../base/observer.ts";
import { CLOSE_REASONS } from "../stream/close_reason.ts";
import { REFUSALS } from "../stream/ledger.ts";
import type { Dialect } from "../stream/stream_types.ts";
import { SESSION_ENDS } from "../transport/session_table.ts";
import { ERROR_TABLE } from "../wire/error_table.ts";
import { NOTICE_KINDS } from "../wire/notices.ts";
import { CallMetrics, type CallMetricsOptions } from "./call_metrics.ts";

/** Every dialect of a stream. */
export const DIALECTS = Object.keys(
  {
    plain: true,
    http_sse: true,
    streamable: true,
    stateless: true,
    listen: true,
  } satisfies Record<Dialect, true>,
) as readonly Dialect[];

/** Every limit that refuses something. */
const LIMITS = [...REFUSALS, "max_requests"] as const;

/** Around the ages at which proxies are known to cut streams: 60, 100, 125 and 300 s. */
export const AGE_SECONDS = [
  1,
  5,
  15,
  30,
  55,
  65,
  95,
  105,
  120,
  130,
  290,
  310,
  600,
  1800,
  3600,
  7200,
];
const SESSION_SECONDS = [1, 10, 60, 300, 900, 1800, 3600, 7200, 21_600, 86_400];
export const DELAY_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** The figures that are counted as things happen; those that are read are in `gauges.ts`. */
export class Metrics implements Observer {
  readonly registry = new Registry();
  /** Bytes of the streams that have ended. */
  readonly bytesOfEnded = new Map<string, number>();

  readonly #calls: CallMetrics;
  readonly #opened = this.#counter("lifeline_connections_opened_total", "Streams opened", {
    dialect: DIALECTS,
  });
  readonly #closed = this.#counter(
    "lifeline_connections_closed_total",
    "Streams that ended, by the one reason for it",
    { dialect: DIALECTS, reason: CLOSE_REASONS },
  );
  readonly #age = this.#histogram("lifeline_connection_age_seconds", "Age of streams as they end", {
    labels: ["dialect"],
    buckets: AGE_SECONDS,
  });
  readonly #pings = this.#counter("lifeline_pings_sent_total", "Pings that went out");
  readonly #pingFailures = this.#counter(
    "lifeline_ping_failures_total",
    "Pings that could not go out, as the reader takes nothing",
  );
  readonly #lateness = this.#histogram(
    "lifeline_ping_lateness_seconds",
    "How much later than due pings went out",
    { buckets: DELAY_SECONDS },
  );
  readonly #superseded = this.#counter(
    "lifeline_notifications_superseded_total",
    "Notifications left out for readers that were behind",
    { kind: NOTICE_KINDS },
  );
  readonly #resultsLost = this.#counter(
    "lifeline_results_lost_total",
    "Answers unread in streams that were cut off",
    { dialect: DIALECTS },
  );
  readonly #refused = this.#counter("lifeline_refused_total", "Refusals, by the limit reached", {
    limit: LIMITS,
  });
  readonly #rejections = this.#counter(
    "lifeline_rejections_total",
    "HTTP requests answered with an error before a method ran, by kind",
    { kind: Object.keys(ERROR_TABLE) },
  );
  readonly #sessionsOpened = this.#counter(
    "lifeline_sessions_opened_total",
    "Sessions opened, or restored from their id alone",
    { how: ["created", "restored"] },
  );
  readonly #sessionsEnded = this.#counter(
    "lifeline_sessions_ended_total",
    "Sessions that left memory, by why",
    { end: SESSION_ENDS },
  );
  readonly #sessionAge = this.#histogram(
    "lifeline_session_age_seconds",
    "Time of sessions in memory, as they end",
    { buckets: SESSION_SECONDS },
  );
  readonly #replayed = this.#counter(
    "lifeline_replayed_events_total",
    "Events sent again to clients that came back",
  );
  readonly #lost = this.#counter(
    "lifeline_replay_gaps_total",
    "Clients that came back for events that were gone",
  );
  readonly #loopDelay = this.#histogram(
    "lifeline_event_loop_delay_seconds",
    "How late the event loop runs its timers",
    { buckets: DELAY_SECONDS },
  );
  readonly #unhandled = this.#counter(
    "lifeline_unhandled_rejections_total",
    "Rejected promises that nobody had handled",
  );
  readonly #uncaught = this.#counter(
    "lifeline_uncaught_errors_total",
    "Errors thrown where nobody could catch them",
  );

  constructor(calls: Omit<CallMetricsOptions, "registry">) {
    this.#calls = new CallMetrics({ ...calls, registry: this.registry });
  }

  connectionOpened(dialect: string): void {
    this.#opened.inc({ dialect });
  }

  connectionClosed({ dialect, reason, ageMs, sentBytes }: ObservedConnection): void {
    this.#closed.inc({ dialect, reason });
    this.#age.observe({ dialect }, ageMs / 1000);
    this.bytesOfEnded.set(dialect, (this.bytesOfEnded.get(dialect) ?? 0) + sentBytes);
  }

  pinged(latenessMs: number): void {
    this.#pings.inc();
    this.#lateness.observe(latenessMs / 1000);
  }

  pingFailed(): void {
    this.#pingFailures.inc();
  }

  superseded(kind: string): void {
    this.#superseded.inc({ kind });
  }

  resultsLost(dialect: string, results: number): void {
    this.#resultsLost.inc({ dialect }, results);
  }

  refused(limit: string): void {
    this.#refused.inc({ limit });
  }

  requestFinished(call: ObservedCall, outcome: Outcome): void {
    this.#calls.requestFinished(call, outcome);
  }

  requestRejected(kind: ProtocolErrorKind): void {
    this.#rejections.inc({ kind });
  }

  sessionOpened(how: "created" | "restored"): void {
    this.#sessionsOpened.inc({ how });
  }

  sessionEnded({ end, ageMs }: ObservedSession): void {
    this.#sessionsEnded.inc({ end });
    this.#sessionAge.observe(ageMs / 1000);
  }

  replayed(events: number): void {
    this.#replayed.inc(events);
  }

  replayLost(): void {
    this.#lost.inc();
  }

  loopDelayed(ms: number): void {
    this.#loopDelay.observe(ms / 1000);
  }

  unhandledRejection(): void {
    this.#unhandled.inc();
  }

  uncaughtError(): void {
    this.#uncaught.inc();
  }

  /** @param sets the values of each label, all of which are there from the start, at 0 */
  #counter(
    name: string,
    help: string,
    sets: Readonly<Record<string, readonly string[]>> = {},
  ): Counter<string> {
    const labelNames = Object.keys(sets);
    const counter = new Counter({ name, help, labelNames, registers: [this.registry] });
    if (labelNames.length > 0) {
      for (const labels of combinations(sets)) counter.inc(labels, 0);
    }
    return counter;
  }

  #histogram(
    name: string,
    help: string,
    { labels = [], buckets }: {
      readonly labels?: readonly string[];
      readonly buckets: readonly number[];
    },
  ): Histogram<string> {
    return new Histogram({
      name,
      help,
      labelNames: [...labels],
      buckets: [...buckets],
      registers: [this.registry],
    });
  }
}

function combinations(
  sets: Readonly<Record<string, readonly string[]>>,
): Record<string, string>[] {
  let rows: Record<string, string>[] = [{}];
  for (const [label, values] of Object.entries(sets)) {
    rows = rows.flatMap((row) => values.map((value) => ({ ...row, [label]: value })));
  }
  return rows;
}
