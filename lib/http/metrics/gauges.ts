/**
 * The metrics that are read from the ledgers at each scrape, so that the two can never
 * disagree.
 *
 * @module
 */
import type { ServersBehind } from "../../base/server_report.ts";
import type { Settings } from "../../base/settings.ts";
import type { McpServer } from "../../mcp/server.ts";
import type { EventStore } from "../../store/event_store.ts";
import type { MemoryFigures } from "../../stream/admit/memory_gauge.ts";
import { CLOSE_REASONS } from "../../stream/close_reason.ts";
import type { StreamRegistry } from "../../stream/stream_registry.ts";
import type { EventStream } from "../../stream/event_stream.ts";
import type { SessionTable } from "../../transport/streamable/session_table.ts";
import { addServerMetrics } from "./gateway_metrics.ts";
import { type Metrics, observable, type Sample, single } from "./metric.ts";

/** Sources of the metrics. */
export interface GaugeSources {
  readonly metrics: Metrics;
  readonly streams: StreamRegistry;
  /** The names of all streams. */
  readonly streamNames: readonly string[];
  readonly sessions: Pick<SessionTable, "size">;
  readonly server: Pick<McpServer, "running" | "refused">;
  readonly store: EventStore;
  readonly heap: (() => MemoryFigures) | undefined;
  readonly resident: (() => MemoryFigures) | undefined;
  readonly settings: Pick<
    Settings,
    "MCP_MAX_CONNECTIONS" | "MCP_MAX_SESSIONS" | "MCP_MAX_TOTAL_QUEUED_BYTES"
  >;
  readonly version: string;
  /** The servers behind this one, where it is a gateway. */
  readonly servers?: ServersBehind | undefined;
}

/** Has all gauges read at every scrape. */
export function addGauges(sources: GaugeSources): void {
  const { metrics, sessions, server, store, heap, resident, settings, version } = sources;
  addStreamGauges(sources);
  addStreamCounters(sources);
  if (sources.servers !== undefined) addServerMetrics(metrics, sources.servers);
  const gauge = gaugeIn(metrics);
  gauge("lifeline_connections_max", "Most streams at once", () => settings.MCP_MAX_CONNECTIONS);
  gauge(
    "lifeline_queued_max_bytes",
    "Limit of bytes that wait for all readers",
    () => settings.MCP_MAX_TOTAL_QUEUED_BYTES,
  );
  gauge("lifeline_requests_in_flight", "MCP requests that run now", () => server.running);
  gauge("lifeline_sessions_open", "Sessions in memory", () => sessions.size);
  gauge("lifeline_sessions_max", "Most sessions in memory", () => settings.MCP_MAX_SESSIONS);
  gauge("lifeline_replay_streams", "Streams whose events are kept", () => store.stats().streams);
  gauge("lifeline_replay_bytes", "Bytes of events kept for replay", () => store.stats().bytes);
  const dropped = {
    name: "lifeline_replay_dropped_events_total",
    help: "Events dropped from the replay store to respect its limits",
  };
  metrics.add(observable("counter", dropped, () => single(store.stats().dropped)));
  if (heap !== undefined) {
    gauge("lifeline_heap_used_bytes", "JavaScript heap in use", () => heap().used);
    gauge("lifeline_heap_limit_bytes", "Size at which V8 gives up", () => heap().limit);
  }
  if (resident !== undefined) {
    gauge("lifeline_resident_bytes", "Memory of the process in use", () => resident().used);
    gauge("lifeline_memory_limit_bytes", "Memory it may use", () => resident().limit);
  }
  const startedAt = Date.now() / 1000;
  gauge("lifeline_start_time_seconds", "When this app was made, Unix time", () => startedAt);
  const about = { name: "lifeline_info", help: "1, with the version as label" };
  metrics.add(observable("gauge", about, () => [{ labels: { version }, value: 1 }]));
}

function addStreamGauges({ metrics, streams, streamNames }: GaugeSources): void {
  const zeros = streamNames.map((name) => [name, 0] as const);
  const open = { name: "lifeline_connections_open", help: "Streams open now" };
  metrics.add(observable("gauge", open, () => byDialect(streams, zeros, () => 1)));
  const sent = {
    name: "lifeline_sent_bytes_total",
    help: "Bytes of event streams that were sent",
  };
  metrics.add(
    observable("counter", sent, () => {
      const ended = streamNames.map((name) => [name, streams.countsOf(name).sentBytes] as const);
      return byDialect(streams, ended, (one) => one.sentBytes);
    }),
  );
  const gauge = gaugeIn(metrics);
  gauge("lifeline_queued_bytes", "Bytes that wait for readers", () => {
    return streams.ledger().queuedBytes;
  });
  gauge("lifeline_connection_oldest_seconds", "Age of the oldest open stream", () => {
    return (streams.values().next().value?.ageMs ?? 0) / 1000;
  });
  gauge("lifeline_draining", "1 once the server takes nothing new", () => {
    return streams.draining ? 1 : 0;
  });
}

/** Counts that the ledger of the streams keeps. */
function addStreamCounters({ metrics, streams, server, streamNames }: GaugeSources): void {
  const counter = (name: string, help: string, rows: () => readonly Sample[]): void => {
    metrics.add(observable("counter", { name, help }, rows));
  };
  counter(
    "lifeline_connections_opened_total",
    "Streams opened",
    () =>
      streamNames.map((dialect) => ({
        labels: { dialect },
        value: streams.countsOf(dialect).opened,
      })),
  );
  counter(
    "lifeline_connections_closed_total",
    "Streams that ended, by close reason",
    () =>
      streamNames.flatMap((dialect) => {
        const { closed } = streams.countsOf(dialect);
        return CLOSE_REASONS.map((reason) => ({
          labels: { dialect, reason },
          value: closed[reason],
        }));
      }),
  );
  counter(
    "lifeline_refused_total",
    "Refusals, by the limit reached",
    () =>
      Object.entries({ ...streams.ledger().refused, max_requests: server.refused })
        .map(([limit, value]) => ({ labels: { limit }, value })),
  );
}

/** A walk over the open streams that adds up something of each, by dialect. */
function byDialect(
  streams: StreamRegistry,
  before: readonly (readonly [dialect: string, value: number])[],
  amount: (stream: EventStream) => number,
): Sample[] {
  const sums = new Map<string, number>(before);
  for (const stream of streams.values()) {
    const name = stream.dialect;
    sums.set(name, (sums.get(name) ?? 0) + amount(stream));
  }
  return [...sums].map(([dialect, value]) => ({ labels: { dialect }, value }));
}

function gaugeIn(metrics: Metrics) {
  return (name: string, help: string, read: () => number): void => {
    metrics.add(observable("gauge", { name, help }, () => single(read())));
  };
}
