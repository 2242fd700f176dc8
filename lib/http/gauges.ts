/**
 * The figures that are read from the ledgers at the moment of a scrape, so that the two can never
 * disagree.
 *
 * @module
 */
import type { Registry } from "prom-client";
import Counter from "prom-client/lib/counter.js";
import Gauge from "prom-client/lib/gauge.js";
import type { McpServer } from "../mcp/server.ts";
import type { EventStoreFigures } from "../store/event_store.ts";
import type { HeapFigures } from "../stream/admission.ts";
import type { ConnectionRegistry } from "../stream/connection_registry.ts";
import type { SessionTable } from "../transport/session_table.ts";
import { DIALECTS } from "./metrics.ts";

/** Where the figures come from. */
export interface GaugeSources {
  readonly registry: Registry;
  readonly connections: ConnectionRegistry;
  /** Bytes of the streams that have ended, by dialect. */
  readonly bytesOfEnded: ReadonlyMap<string, number>;
  readonly sessions: SessionTable;
  readonly server: McpServer;
  readonly replay: () => EventStoreFigures;
  readonly heap: (() => HeapFigures) | undefined;
  readonly limits: {
    readonly maxConnections: number;
    readonly maxTotalQueuedBytes: number;
    readonly maxSessions: number;
  };
  readonly version: string;
}

/** Has all gauges read at every scrape. */
export function addGauges(sources: GaugeSources): void {
  const { registry, sessions, server, replay, heap, limits, version } = sources;
  addStreamGauges(sources);
  const gauge = gaugeIn(registry);
  gauge("lifeline_connections_max", "Most streams at once", () => limits.maxConnections);
  gauge(
    "lifeline_queued_max_bytes",
    "Most bytes that may wait for all readers",
    () => limits.maxTotalQueuedBytes,
  );
  gauge("lifeline_requests_in_flight", "MCP requests that run now", () => server.running);
  gauge("lifeline_sessions_open", "Sessions in memory", () => sessions.size);
  gauge("lifeline_sessions_max", "Most sessions in memory", () => limits.maxSessions);
  gauge("lifeline_replay_streams", "Streams whose events are kept", () => replay().streams);
  gauge("lifeline_replay_bytes", "Bytes of events kept for replay", () => replay().bytes);
  counterIn(registry)(
    "lifeline_replay_dropped_events_total",
    "Events dropped to keep a bound of the replay store",
    () => replay().dropped,
  );
  if (heap !== undefined) {
    gauge("lifeline_heap_used_bytes", "JavaScript heap in use", () => heap().used);
    gauge("lifeline_heap_limit_bytes", "Size at which V8 gives up", () => heap().limit);
  }
  const startedAt = Date.now() / 1000;
  gauge("lifeline_start_time_seconds", "When this app was made, Unix time", () => startedAt);
  new Gauge({
    name: "lifeline_info",
    help: "1, with the version as label",
    labelNames: ["version"],
    registers: [registry],
  }).set({ version }, 1);
}

/** One walk over the open streams fills all of their figures: there may be many streams. */
function addStreamGauges({ registry, connections, bytesOfEnded }: GaugeSources): void {
  const sent = new Counter({
    name: "lifeline_sent_bytes_total",
    help: "Bytes of event streams that the transport has taken",
    labelNames: ["dialect"],
    registers: [],
  });
  new Gauge({
    name: "lifeline_connections_open",
    help: "Streams open now",
    labelNames: ["dialect"],
    registers: [registry],
    // prom-client collects metrics in the order in which they were registered, this one first.
    collect() {
      const rows = new Map(DIALECTS.map((dialect) => [dialect, { open: 0, sent: 0 }]));
      for (const connection of connections.connections()) {
        const row = rows.get(connection.dialect.name)!;
        row.open++;
        row.sent += connection.sentBytes;
      }
      sent.reset();
      for (const [dialect, row] of rows) {
        this.set({ dialect }, row.open);
        sent.inc({ dialect }, row.sent + (bytesOfEnded.get(dialect) ?? 0));
      }
    },
  });
  registry.registerMetric(sent);
  const gauge = gaugeIn(registry);
  gauge("lifeline_queued_bytes", "Bytes that wait for readers", () => {
    return connections.ledger().queuedBytes;
  });
  gauge("lifeline_connection_oldest_seconds", "Age of the oldest open stream", () => {
    return (connections.connections().next().value?.ageMs ?? 0) / 1000;
  });
  gauge("lifeline_draining", "1 once the server takes nothing new", () => {
    return connections.draining ? 1 : 0;
  });
}

function gaugeIn(registry: Registry) {
  return (name: string, help: string, read: () => number): void => {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  };
}

function counterIn(registry: Registry) {
  return (name: string, help: string, read: () => number): void => {
    new Counter({
      name,
      help,
      registers: [registry],
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  };
}
