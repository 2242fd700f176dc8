/**
 * The metrics of one app. Every label has a fixed or bounded set of values: nothing that a client
 * sends creates a new series.
 *
 * @module
 */
import { AUTH_FAILURES } from "../../auth/auth_failure.ts";
import type { ProtocolErrorKind } from "../../base/errors.ts";
import type {
  ObservedCall,
  ObservedConnection,
  ObservedRejection,
  ObservedSession,
  Observer,
  Outcome,
} from "../../base/observer.ts";
import { SESSION_ENDS } from "../../transport/streamable/session_table.ts";
import { ERROR_TABLE } from "../../wire/error_table.ts";
import { DROPPABLE_KINDS } from "../../wire/droppable.ts";
import { CallMetrics, type CallMetricsOptions } from "./call_metrics.ts";
import { Counter, type LabelSets, Metrics } from "./metric.ts";
import { Histogram } from "./histogram.ts";

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
/** Buckets of delays, from a millisecond to ten seconds. */
export const DELAY_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Dependencies of {@linkcode ServerMetrics}. */
export interface ServerMetricsOptions extends Omit<CallMetricsOptions, "metrics"> {
  /** The names of all streams, which label the metrics. */
  readonly streams: readonly string[];
}

/** Metrics that count events. `gauges.ts` reads the counts of the ledgers. */
export class ServerMetrics implements Partial<Observer> {
  readonly metrics = new Metrics();
  /** The names of all streams. */
  readonly streams: readonly string[];

  readonly #calls: CallMetrics;
  readonly #age: Histogram;
  readonly #pings = this.#counter("lifeline_pings_sent_total", "Pings that were sent");
  readonly #pingFailures = this.#counter(
    "lifeline_ping_failures_total",
    "Pings not sent because the client stopped reading",
  );
  readonly #lateness = this.#histogram(
    "lifeline_ping_lateness_seconds",
    "Delay of pings after they were due",
    { buckets: DELAY_SECONDS },
  );
  readonly #notificationsDropped = this.#counter(
    "lifeline_notifications_superseded_total",
    "Notifications dropped for slow readers",
    { kind: DROPPABLE_KINDS },
  );
  readonly #resultsLost: Counter;
  readonly #rejections = this.#counter(
    "lifeline_rejections_total",
    "HTTP requests answered with an error before a method ran, by kind",
    { kind: Object.keys(ERROR_TABLE) },
  );
  readonly #credentials = this.#counter(
    "lifeline_credentials_refused_total",
    "Credentials that were refused or missing, by reason",
    { reason: AUTH_FAILURES },
  );
  readonly #sessionsOpened = this.#counter(
    "lifeline_sessions_opened_total",
    "Sessions created, or restored from their id",
    { how: ["created", "restored"] },
  );
  readonly #sessionsEnded = this.#counter(
    "lifeline_sessions_ended_total",
    "Sessions that left memory, by reason",
    { end: SESSION_ENDS },
  );
  readonly #sessionAge = this.#histogram(
    "lifeline_session_age_seconds",
    "Time that sessions were in memory, measured when they end",
    { buckets: SESSION_SECONDS },
  );
  readonly #replayed = this.#counter(
    "lifeline_replayed_events_total",
    "Events sent again to clients that reconnected",
  );
  readonly #lost = this.#counter(
    "lifeline_replay_gaps_total",
    "Clients that reconnected for events that were gone",
  );
  readonly #loopDelay = this.#histogram(
    "lifeline_event_loop_delay_seconds",
    "Delay of the event loop",
    { buckets: DELAY_SECONDS },
  );
  readonly #unhandled = this.#counter(
    "lifeline_unhandled_rejections_total",
    "Promise rejections that were not handled",
  );
  readonly #uncaught = this.#counter(
    "lifeline_uncaught_errors_total",
    "Errors that were not caught",
  );

  constructor({ streams, ...calls }: ServerMetricsOptions) {
    this.streams = streams;
    this.#age = this.#histogram("lifeline_connection_age_seconds", "Age of streams as they end", {
      label: "dialect",
      buckets: AGE_SECONDS,
    });
    this.#resultsLost = this.#counter(
      "lifeline_results_lost_total",
      "Unread responses in streams that were cut",
      { dialect: streams },
    );
    this.#calls = new CallMetrics({ ...calls, metrics: this.metrics });
  }

  connectionClosed({ dialect, ageMs }: ObservedConnection): void {
    this.#age.series(dialect).add(ageMs / 1000);
  }

  pingFailed(): void {
    this.#pingFailures.add(1);
  }

  pinged(latenessMs: number): void {
    this.#pings.add(1);
    this.#lateness.series().add(latenessMs / 1000);
  }

  notificationDropped(kind: string): void {
    this.#notificationsDropped.add(1, kind);
  }

  resultsLost(dialect: string, results: number): void {
    this.#resultsLost.add(results, dialect);
  }

  requestFinished(call: ObservedCall, outcome: Outcome): void {
    this.#calls.requestFinished(call, outcome);
  }

  requestRejected(kind: ProtocolErrorKind, { auth }: ObservedRejection): void {
    this.#rejections.add(1, kind);
    if (auth !== undefined) this.#credentials.add(1, auth.reason);
  }

  sessionOpened(how: "created" | "restored"): void {
    this.#sessionsOpened.add(1, how);
  }

  sessionEnded({ end, ageMs }: ObservedSession): void {
    this.#sessionsEnded.add(1, end);
    this.#sessionAge.series().add(ageMs / 1000);
  }

  replayed(events: number): void {
    this.#replayed.add(events);
  }

  replayLost(): void {
    this.#lost.add(1);
  }

  loopDelayed(ms: number): void {
    this.#loopDelay.series().add(ms / 1000);
  }

  unhandledRejection(): void {
    this.#unhandled.add(1);
  }

  uncaughtError(): void {
    this.#uncaught.add(1);
  }

  #counter(name: string, help: string, sets?: LabelSets): Counter {
    return this.metrics.add(new Counter(name, help, sets));
  }

  #histogram(
    name: string,
    help: string,
    options: { readonly label?: string; readonly buckets: readonly number[] },
  ): Histogram {
    return this.metrics.add(new Histogram({ name, help, ...options }));
  }
}
