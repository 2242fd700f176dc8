/**
 * All that watches one app: its metrics, OpenTelemetry where somebody collects, and the observer of
 * its own that a library user gave.
 *
 * @module
 */
import { observeAll, type Observer } from "../base/observer.ts";
import { IS_TELEMETRY_ON } from "../mcp/create_server.ts";
import type { Peer } from "../transport/peer.ts";
import type { CallMetricsOptions } from "./call_metrics.ts";
import type { Figures } from "./figures.ts";
import { addGauges, type GaugeSources } from "./gauges.ts";
import { Metrics } from "./metrics.ts";
import { RecentEnds } from "./recent.ts";
import { VERSION } from "./version.ts";

const telemetry = IS_TELEMETRY_ON ? await import("./telemetry.ts") : undefined;

/** What a {@linkcode Watch} needs before there is anything to watch. */
export interface WatchOptions extends Omit<CallMetricsOptions, "figures"> {
  /** A library user's own. */
  readonly observer: Partial<Observer> | undefined;
}

export class Watch {
  /** Told by all floors. */
  readonly observer: Observer;
  /** What ended and what was refused last. */
  readonly recent = new RecentEnds();
  readonly #metrics: Metrics;
  #stopExport: (() => void) | undefined;

  constructor({ observer, ...options }: WatchOptions) {
    this.#metrics = new Metrics(options);
    const others = [telemetry?.durationObserver(VERSION), observer]
      .filter((one) => one !== undefined);
    this.observer = observeAll([this.#metrics, this.recent, ...others]);
  }

  get figures(): Figures {
    return this.#metrics.figures;
  }

  /** Reads the rest of the figures here, at every scrape. */
  read(sources: Omit<GaugeSources, "figures" | "bytesOfEnded" | "version">): void {
    const { figures, bytesOfEnded } = this.#metrics;
    addGauges({ ...sources, figures, bytesOfEnded, version: VERSION });
    this.#stopExport = telemetry?.exportMetrics(figures, VERSION);
  }

  /** The handler, under the trace that a request names where somebody collects. */
  traced<R>(handler: (request: Request, peer?: Peer) => R): (request: Request, peer?: Peer) => R {
    if (telemetry === undefined) return handler;
    const { underTraceOf } = telemetry;
    return (request, peer) => underTraceOf(request.headers, () => handler(request, peer));
  }

  stop(): void {
    this.#stopExport?.();
  }
}
