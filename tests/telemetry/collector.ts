/**
 * A small OpenTelemetry collector: receives OTLP over HTTP in its JSON form, and lets a test wait
 * for exports (https://opentelemetry.io/docs/specs/otlp/).
 *
 * @module
 */

type Value = string | number | boolean | readonly Value[];

/** A span, read. */
export interface CollectedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: number;
  readonly attributes: Readonly<Record<string, Value>>;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly status: { readonly code?: number; readonly message?: string };
  /** Name of the tracer. */
  readonly scope: string;
}

/** One series of a metric at its last export. */
export interface CollectedPoint {
  readonly name: string;
  readonly unit: string;
  readonly attributes: Readonly<Record<string, Value>>;
  /** Value of a sum or a gauge. */
  readonly value?: number;
  /** Count of a histogram. */
  readonly count?: number;
  readonly sum?: number;
  readonly bounds?: readonly number[];
  readonly scope: string;
}

/** Kinds of spans, as OTLP numbers them. */
export const KIND = { internal: 1, server: 2, client: 3 } as const;
/** Status codes of spans, as OTLP numbers them. */
export const STATUS = { unset: 0, ok: 1, error: 2 } as const;

/** Longest wait for an export (ms). */
const PATIENCE_MS = 20_000;

export class Collector implements AsyncDisposable {
  readonly spans: CollectedSpan[] = [];
  /** Paths that were asked for, and the trace each request belongs to. */
  readonly requests: { readonly path: string; readonly traceparent: string | null }[] = [];
  #points: readonly CollectedPoint[] = [];
  readonly #server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => this.#take(request),
  );
  readonly #waiting = new Set<() => void>();

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** Has a process export here, often. */
  get env(): Record<string, string> {
    return {
      OTEL_DENO: "true",
      OTEL_EXPORTER_OTLP_ENDPOINT: this.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_METRIC_EXPORT_INTERVAL: "200",
      OTEL_BSP_SCHEDULE_DELAY: "100",
    };
  }

  /** The first span that `isWanted`, here or still to come. */
  span(what: string, isWanted: (span: CollectedSpan) => boolean): Promise<CollectedSpan> {
    return this.#until(`span ${what}`, () => this.spans.find(isWanted));
  }

  /** The first series that `isWanted`, at some export. */
  point(what: string, isWanted: (point: CollectedPoint) => boolean): Promise<CollectedPoint> {
    return this.#until(`metric ${what}`, () => this.#points.find(isWanted));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  async #until<T>(what: string, find: () => T | undefined): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const look = () => {
      const found = find();
      if (found !== undefined) resolve(found);
    };
    const timer = setTimeout(() => reject(new Error(`No ${what} was exported`)), PATIENCE_MS);
    this.#waiting.add(look);
    look();
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(look);
    }
  }

  async #take(request: Request): Promise<Response> {
    const path = new URL(request.url).pathname;
    this.requests.push({ path, traceparent: request.headers.get("traceparent") });
    const text = await request.text();
    if (path === "/v1/traces") this.spans.push(...readSpans(JSON.parse(text)));
    if (path === "/v1/metrics") this.#points = readPoints(JSON.parse(text));
    for (const look of this.#waiting) look();
    return Response.json({});
  }
}

// deno-lint-ignore no-explicit-any -- what OTLP sends
type Otlp = any;

function readSpans(body: Otlp): CollectedSpan[] {
  return body.resourceSpans.flatMap((resource: Otlp) =>
    resource.scopeSpans.flatMap(({ scope, spans }: Otlp) =>
      spans.map((span: Otlp) => ({
        ...span,
        attributes: readAttributes(span.attributes),
        links: span.links ?? [],
        scope: scope.name,
      }))
    )
  );
}

function readPoints(body: Otlp): CollectedPoint[] {
  return body.resourceMetrics.flatMap((resource: Otlp) =>
    resource.scopeMetrics.flatMap(({ scope, metrics }: Otlp) =>
      metrics.flatMap(({ name, unit, sum, gauge, histogram }: Otlp) =>
        (sum ?? gauge ?? histogram).dataPoints.map((point: Otlp) => ({
          name,
          unit,
          attributes: readAttributes(point.attributes),
          scope: scope.name,
          ...(histogram === undefined
            ? { value: Number(point.asInt ?? point.asDouble) }
            : { count: Number(point.count), sum: point.sum, bounds: point.explicitBounds }),
        }))
      )
    )
  );
}

function readAttributes(attributes: Otlp): Record<string, Value> {
  return Object.fromEntries(attributes.map(({ key, value }: Otlp) => [key, readValue(value)]));
}

function readValue(value: Otlp): Value {
  if (value.arrayValue !== undefined) return value.arrayValue.values.map(readValue);
  const [plain] = Object.values(value);
  return "intValue" in value ? Number(plain) : plain as Value;
}
