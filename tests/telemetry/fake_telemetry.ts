/**
 * OpenTelemetry's API without a provider, for tests that look at what it is told.
 *
 * @module
 */
import type { Attributes, SpanOptions } from "@opentelemetry/api";
import type { OpenTelemetry } from "../../lib/base/telemetry.ts";

const SpanKind = { SERVER: 1 };
const SpanStatusCode = { ERROR: 2 };

/** A span, and its end. */
export interface TestSpan {
  readonly name: string;
  readonly options: SpanOptions;
  readonly parent: unknown;
  ended?: Attributes;
  status?: unknown;
  ends: number;
}

/** OpenTelemetry's API as far as it is used: contexts are texts, and what it is told is kept. */
export class FakeTelemetry {
  active = "active";
  ambient: string | undefined;
  now = 0;
  readonly spans: TestSpan[] = [];
  readonly durations: [number, Attributes][] = [];
  readonly made: unknown[] = [];
  readonly ran: unknown[] = [];
  readonly extracted: unknown[] = [];

  readonly api = {
    SpanKind,
    SpanStatusCode,
    context: {
      active: () => this.active,
      with: (context: string, run: () => unknown) => {
        this.ran.push(context);
        return run();
      },
    },
    trace: {
      getTracer: (...args: unknown[]) => {
        this.made.push(args);
        return {
          startSpan: (name: string, options: SpanOptions, parent: unknown) =>
            this.#start(name, options, parent),
        };
      },
      setSpan: (context: string, span: unknown) => `${context} with ${this.#numberOf(span)}`,
      getSpanContext: () => this.ambient,
    },
    propagation: {
      extract: (context: string, meta: unknown, getter: { get: Getter; keys: Keys }) => {
        this.extracted.push([
          getter.keys(meta),
          getter.get(meta, "traceparent"),
          getter.get(meta, "number"),
        ]);
        return `${context} from meta`;
      },
    },
    metrics: {
      getMeter: (...args: unknown[]) => {
        this.made.push(args);
        return {
          createHistogram: (...histogram: unknown[]) => {
            this.made.push(histogram);
            return {
              record: (seconds: number, attributes: Attributes) =>
                void this.durations.push([seconds, attributes]),
            };
          },
        };
      },
    },
  } as unknown as OpenTelemetry;

  readonly #recorders: unknown[] = [];

  #start(name: string, options: SpanOptions, parent: unknown) {
    const span: TestSpan = { name, options, parent, ends: 0 };
    this.spans.push(span);
    const recorder = {
      setAttributes: (attributes: Attributes) => void (span.ended = attributes),
      setStatus: (status: unknown) => void (span.status = status),
      end: () => void span.ends++,
    };
    this.#recorders.push(recorder);
    return recorder;
  }

  #numberOf(span: unknown): number {
    return this.#recorders.indexOf(span);
  }
}
type Getter = (meta: unknown, key: string) => string | undefined;
type Keys = (meta: unknown) => string[];
