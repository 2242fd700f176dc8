/**
 * Requests as spans and durations of OpenTelemetry, named as its semantic conventions for MCP ask
 * (gen-ai/mcp, Server).
 *
 * @module
 */
import type { Attributes, Context, Histogram, Span, Tracer } from "@opentelemetry/api";
import { LabelAllowlist } from "../base/label_allowlist.ts";
import { logFor } from "../base/log.ts";
import { isPromise } from "../base/promises.ts";
import { isRegistered, type OpenTelemetry, openTelemetry } from "../base/telemetry.ts";
import type { Catalog } from "../registry/catalog.ts";
import { isObject, type JsonRpcRequest, type JsonRpcResponse } from "../wire/json_rpc.ts";
import { META_KEYS, metaOf } from "../wire/meta.ts";
import { METHODS } from "../wire/methods.ts";
import { isSupported } from "../wire/protocol_versions.ts";
import type { Around, Dispatch, DispatchResult } from "./around.ts";
import type { RequestScope } from "./scope.ts";

/** Name of Lifeline's tracer and meter. */
export const SCOPE = "lifeline";
/** Bounds that the conventions give for the durations of MCP (s). */
export const CONVENTIONAL_SECONDS = [
  0.01,
  0.02,
  0.05,
  0.1,
  0.2,
  0.5,
  1,
  2,
  5,
  10,
  30,
  60,
  120,
  300,
];

/** Longest value that a client may put into a span, in characters. */
const MAX_VALUE = 256;
/** The conventions' value for anything without a known name. */
const UNKNOWN = "_OTHER";

const log = logFor("telemetry");

/**
 * Traces requests if traces are exported.
 *
 * @param catalog its names may appear in spans
 * @param version of the server
 * @param api of OpenTelemetry; undefined where traces are not exported
 * @returns the wrappers for requests; empty if traces are not exported
 */
export function tracing(
  catalog: Catalog,
  version: string,
  api: OpenTelemetry | undefined = openTelemetry,
): readonly Around[] {
  if (api !== undefined) {
    const spans = new RequestSpans(api, catalog, version);
    return [(dispatch, next) => spans.trace(dispatch, next)];
  }
  if (isRegistered()) {
    log.warning(
      "Nothing is traced: OpenTelemetry was registered after Lifeline was imported; import what " +
        "registers it first",
    );
  }
  return [];
}

/** A running request with its span. */
interface Operation {
  readonly request: JsonRpcRequest;
  readonly scope: RequestScope;
  readonly span: Span;
  readonly startedAt: number;
  /** Those of the duration, too: each has few values. */
  readonly attributes: Attributes;
}

class RequestSpans {
  readonly #api: OpenTelemetry;
  readonly #tracer: Tracer;
  readonly #durations: Histogram;
  readonly #tools: LabelAllowlist;
  readonly #prompts: LabelAllowlist;

  constructor(api: OpenTelemetry, catalog: Catalog, version: string) {
    this.#api = api;
    this.#tracer = api.trace.getTracer(SCOPE, version);
    this.#durations = api.metrics.getMeter(SCOPE, version).createHistogram(
      "mcp.server.operation.duration",
      {
        description: "MCP request duration as observed on the receiver",
        unit: "s",
        advice: { explicitBucketBoundaries: CONVENTIONAL_SECONDS },
      },
    );
    this.#tools = new LabelAllowlist((name) => catalog.tools.get(name) !== undefined);
    this.#prompts = new LabelAllowlist((name) => catalog.prompts.get(name) !== undefined);
  }

  trace(dispatch: Dispatch, next: () => DispatchResult): DispatchResult {
    const { context, trace } = this.#api;
    const parent = this.#parentOf(dispatch.request);
    const operation = this.#begin(dispatch, parent);
    const response = context.with(trace.setSpan(parent, operation.span), next);
    if (!isPromise(response)) return this.#end(operation, response);
    return response.then((settled) => this.#end(operation, settled));
  }

  /** The parent in the message wins over the parent in the HTTP request. */
  #parentOf({ params }: JsonRpcRequest): Context {
    const active = this.#api.context.active();
    const meta = metaOf(params);
    if (typeof meta?.traceparent !== "string") return active;
    return this.#api.propagation.extract(active, meta, META_GETTER);
  }

  #begin({ request, scope, isKnown }: Dispatch, parent: Context): Operation {
    const { context, SpanKind, trace } = this.#api;
    const method = isKnown ? request.method : UNKNOWN;
    const attributes: Attributes = {
      "mcp.method.name": method,
      ...this.#targetOf(request),
      ...wayOf(scope),
    };
    const target = attributes["gen_ai.tool.name"] ?? attributes["gen_ai.prompt.name"];
    const ambient = trace.getSpanContext(context.active());
    const isElsewhere = ambient !== undefined && parent !== context.active();
    const span = this.#tracer.startSpan(target === undefined ? method : `${method} ${target}`, {
      kind: SpanKind.SERVER,
      attributes: { ...attributes, ...detailsOf(request, scope) },
      // The HTTP request that carried it is a neighbour, not the parent.
      links: isElsewhere ? [{ context: ambient }] : [],
    }, parent);
    return { request, scope, span, startedAt: performance.now(), attributes };
  }

  #end(
    { request, scope, span, startedAt, attributes }: Operation,
    response: JsonRpcResponse | undefined,
  ): JsonRpcResponse | undefined {
    const ended = { ...versionOf(request, scope), ...failureOf(response) };
    span.setAttributes(ended);
    if ("error.type" in ended) {
      const message = response !== undefined && "error" in response ? response.error.message : "";
      span.setStatus({ code: this.#api.SpanStatusCode.ERROR, message });
    }
    span.end();
    const seconds = (performance.now() - startedAt) / 1000;
    this.#durations.record(seconds, { ...attributes, ...ended });
    return response;
  }

  #targetOf({ method, params }: JsonRpcRequest): Attributes {
    if (method === METHODS.getPrompt) {
      const prompt = this.#prompts.allow(params?.name);
      return prompt === undefined ? {} : { "gen_ai.prompt.name": prompt };
    }
    if (method !== METHODS.callTool) return {};
    const tool = this.#tools.allow(params?.name);
    return {
      "gen_ai.operation.name": "execute_tool",
      ...(tool !== undefined && { "gen_ai.tool.name": tool }),
    };
  }
}

const META_GETTER = {
  keys: (meta: Record<string, unknown>) => Object.keys(meta),
  get: (meta: Record<string, unknown>, key: string) => {
    const value = meta[key];
    return typeof value === "string" ? value : undefined;
  },
};

function wayOf(scope: RequestScope): Attributes {
  return scope.describe().transport === "pipe"
    ? { "network.transport": "pipe" }
    : { "network.transport": "tcp", "network.protocol.name": "http" };
}

/** Attributes that differ between requests; only for the span. */
function detailsOf({ id, method, params }: JsonRpcRequest, scope: RequestScope): Attributes {
  const { session, transport } = scope.describe();
  const uri = method.startsWith("resources/") ? params?.uri : undefined;
  return {
    "jsonrpc.request.id": short(String(id)),
    ...(session !== undefined && { "mcp.session.id": session }),
    ...(typeof uri === "string" && { "mcp.resource.uri": short(uri) }),
    ...(transport !== "pipe" && { "client.address": scope.caller.address }),
  };
}

/** Known when the request has ended, as `initialize` agrees on it. */
function versionOf({ params }: JsonRpcRequest, scope: RequestScope): Attributes {
  const asked = metaOf(params)?.[META_KEYS.protocolVersion];
  const version = isSupported(asked) ? asked : scope.describe().protocolVersion;
  return version === undefined ? {} : { "mcp.protocol.version": version };
}

function failureOf(response: JsonRpcResponse | undefined): Attributes {
  if (response === undefined) return { "error.type": "cancelled" };
  if ("error" in response) {
    const code = String(response.error.code);
    return { "error.type": code, "rpc.response.status_code": code };
  }
  const { result } = response;
  return isObject(result) && result.isError === true ? { "error.type": "tool_error" } : {};
}

function short(value: string): string {
  return value.slice(0, MAX_VALUE);
}
