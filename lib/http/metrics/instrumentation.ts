/**
 * Everything that observes one app: metrics, the log of calls, OpenTelemetry where it is on, and the
 * observer of a library user.
 *
 * @module
 */
import {
  createEmit,
  type Emit,
  type ObservedCall,
  type Observer,
  type Outcome,
  type RuntimeObserver,
} from "../../base/observer.ts";
import { openTelemetry } from "../../base/telemetry.ts";
import type { Peer } from "../../transport/peer.ts";
import type { Metrics } from "./metric.ts";
import { addGauges, type GaugeSources } from "./gauges.ts";
import { ServerMetrics, type ServerMetricsOptions } from "./server_metrics.ts";
import { RecentEnds } from "./recent.ts";
import { StoreMetrics, type StoreState } from "./store_metrics.ts";
import { VERSION } from "../version.ts";
import type { Clock } from "../../base/clock.ts";
import { logFor } from "../../base/log.ts";

const log = logFor("mcp");
/** Longest name that is logged, in characters: clients choose it. */
const MAX_NAME = 128;

/** Logs each request that ends, at `debug`. */
class CallLog implements Partial<Observer> {
  readonly #clock: Clock;

  /** @param clock of the timer wheel, on which calls note when they begin */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  requestFinished({ request, startedAt }: ObservedCall, outcome: Outcome): void {
    if (!log.isEnabled("debug")) return;
    const name = request.params?.name ?? request.params?.uri;
    log.debug("Request finished", {
      method: request.method.slice(0, MAX_NAME),
      ...(typeof name === "string" && { name: name.slice(0, MAX_NAME) }),
      outcome,
      duration_ms: Math.round((this.#clock() - startedAt) * 10) / 10,
    });
  }
}

// The export is loaded only if telemetry is collected.
const telemetry = openTelemetry &&
  new (await import("./otel.ts")).OtelExport(openTelemetry, VERSION);

/** Options of an {@linkcode Instrumentation}. */
export interface InstrumentationOptions extends Omit<ServerMetricsOptions, "metrics"> {
  /** The names of those streams that are their clients' whole sessions. */
  readonly sessionStreams: readonly string[];
  /** Logs who called what, where that is asked for. */
  readonly audit: Partial<Observer> | undefined;
  /** Whether several instances share a store. */
  readonly isShared: boolean;
  /** A library user's own. */
  readonly observer: Partial<Observer> | undefined;
}

/** The metrics, the log of calls and the observers of one app. */
export class Instrumentation {
  /** Every part of the app reports through it. */
  readonly emit: Emit;
  /** Receives events of the runtime that the app itself cannot see. */
  readonly runtimeObserver: RuntimeObserver;
  /** The last closed streams and refused requests. */
  readonly recent = new RecentEnds();
  readonly #serverMetrics: ServerMetrics;
  readonly #storeMetrics: StoreMetrics | undefined;
  #stopExport: (() => void) | undefined;

  constructor({ observer, audit, sessionStreams, isShared, ...options }: InstrumentationOptions) {
    this.#serverMetrics = new ServerMetrics(options);
    this.#storeMetrics = isShared ? new StoreMetrics(this.metrics) : undefined;
    const durations = telemetry?.durationObserver(sessionStreams);
    const others = [this.#storeMetrics, durations, audit, observer]
      .filter((one) => one !== undefined);
    const emit = this.emit = createEmit([
      this.#serverMetrics,
      this.recent,
      new CallLog(options.clock),
      ...others,
    ]);
    this.runtimeObserver = {
      loopDelayed: (ms) => emit("loopDelayed", ms),
      unhandledRejection: () => emit("unhandledRejection"),
      uncaughtError: () => emit("uncaughtError"),
    };
  }

  get metrics(): Metrics {
    return this.#serverMetrics.metrics;
  }

  /** Adds the metrics that are read from their sources at every scrape. */
  addGauges(
    { fleet, ...sources }: Omit<GaugeSources, "metrics" | "version" | "streamNames"> & {
      readonly fleet: StoreState | undefined;
    },
  ): void {
    const { metrics, streams: streamNames } = this.#serverMetrics;
    addGauges({ ...sources, streamNames, metrics, version: VERSION });
    if (fleet !== undefined) this.#storeMetrics?.addGauges(fleet);
    this.#stopExport = telemetry?.exportMetrics(metrics);
  }

  /** Wraps a handler in the trace that a request names, where telemetry is on. */
  traced<R>(handler: (request: Request, peer?: Peer) => R): (request: Request, peer?: Peer) => R {
    if (telemetry === undefined) return handler;
    return (request, peer) => telemetry.withTraceContext(request, () => handler(request, peer));
  }

  stop(): void {
    this.#stopExport?.();
  }
}
