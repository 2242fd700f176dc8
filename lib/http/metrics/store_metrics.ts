/**
 * The metrics of the store that several instances share.
 *
 * @module
 */
import { type Observer, STORE_OPERATIONS, type StoreOperation } from "../../base/observer.ts";
import { Counter, type Metrics, observable, single } from "./metric.ts";
import { Histogram } from "./histogram.ts";

/** From one round trip to a near store to the time after which a store counts as away. */
const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

/** The state of the store as this instance sees it. */
export interface StoreState {
  /** Whether the store is there and the bus carries messages. */
  readonly isReady: boolean;
  readonly writers: { readonly waiting: number };
}

/** Counts and times the operations that this instance asks of the store. */
export class StoreMetrics implements Partial<Observer> {
  readonly #metrics: Metrics;
  readonly #durations: Histogram;
  readonly #failures: Counter;
  readonly #refused: Counter;
  readonly #lag: Histogram;
  readonly #lost: Counter;

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
    this.#durations = metrics.add(
      new Histogram({
        name: "lifeline_store_duration_seconds",
        help: "Time of operations of the shared store that succeeded",
        label: "operation",
        buckets: SECONDS,
      }),
    );
    for (const operation of STORE_OPERATIONS) this.#durations.series(operation);
    this.#failures = metrics.add(
      new Counter("lifeline_store_failures_total", "Operations of the shared store that failed", {
        operation: STORE_OPERATIONS,
      }),
    );
    this.#refused = metrics.add(
      new Counter(
        "lifeline_store_refused_appends_total",
        "Appends refused because another instance had ended the stream",
      ),
    );
    this.#lag = metrics.add(
      new Histogram({
        name: "lifeline_bus_lag_seconds",
        help: "Time of a message from this instance to itself",
        buckets: SECONDS,
      }),
    );
    this.#lost = metrics.add(
      new Counter(
        "lifeline_calls_lost_total",
        "Calls of instances that died, which this instance has ended with an error",
      ),
    );
  }

  /** Adds the gauges, which read the state of the store at every scrape. */
  addGauges(state: StoreState): void {
    const up = {
      name: "lifeline_store_up",
      help: "1 while the shared store is there and carries messages",
    };
    this.#metrics.add(observable("gauge", up, () => single(state.isReady ? 1 : 0)));
    const waiting = {
      name: "lifeline_store_waiting_streams",
      help: "Streams with events that the shared store does not have yet",
    };
    this.#metrics.add(observable("gauge", waiting, () => single(state.writers.waiting)));
  }

  storeAsked(operation: StoreOperation, ms: number): void {
    this.#durations.series(operation).add(ms / 1000);
  }

  storeFailed(operation: StoreOperation): void {
    this.#failures.add(1, operation);
  }

  appendRefused(): void {
    this.#refused.add(1);
  }

  busEchoed(ms: number): void {
    this.#lag.series().add(ms / 1000);
  }

  callLost(): void {
    this.#lost.add(1);
  }
}
