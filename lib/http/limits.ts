import type { Settings } from "../base/settings.ts";
import type { TimerWheel } from "../base/timer_wheel.ts";
import type { RegistryLimits, StreamRegistry } from "../stream/stream_registry.ts";
import { BodyDeadlines } from "../transport/body/deadlines.ts";
import type { BodyLimits } from "../transport/body/large_body.ts";
import { Turns } from "../transport/body/turns.ts";

/** The limits of all streams, from the settings of the same names. */
export function registryLimits(settings: Settings): RegistryLimits {
  return {
    pingIntervalMs: settings.MCP_PING_INTERVAL_MS,
    maxPingFailures: settings.MCP_MAX_PING_FAILURES,
    maxConnectionMs: settings.MCP_MAX_CONNECTION_MS,
    maxQueuedBytes: settings.MCP_MAX_QUEUED_BYTES,
    requestTimeoutMs: settings.MCP_REQUEST_TIMEOUT_MS,
    maxConnections: settings.MCP_MAX_CONNECTIONS,
    maxConnectionsPerClient: settings.MCP_MAX_CONNECTIONS_PER_CLIENT,
    maxTotalQueuedBytes: settings.MCP_MAX_TOTAL_QUEUED_BYTES,
    maxHeapPercent: settings.MCP_MAX_HEAP_PERCENT,
    maxResidentPercent: settings.MCP_MAX_RESIDENT_PERCENT,
    recheckMs: settings.MCP_AUTH_RECHECK_MS,
    maxFlaps: settings.MCP_MAX_FLAPS,
    maxTotalBodyBytes: settings.MCP_MAX_TOTAL_BODY_BYTES,
    maxBodyBytesPerClient: settings.MCP_MAX_BODY_BYTES_PER_CLIENT,
    streamOpens: {
      perSecond: settings.MCP_STREAM_OPENS_PER_SECOND,
      burst: settings.MCP_STREAM_OPENS_BURST,
    },
    initializes: {
      perSecond: settings.MCP_INITIALIZES_PER_SECOND,
      burst: settings.MCP_INITIALIZES_BURST,
    },
    calls: {
      perSecond: settings.MCP_CALLS_PER_SECOND,
      burst: settings.MCP_CALLS_BURST,
    },
  };
}

/** How large a body may be, and how long it may take. */
export function bodyLimits(
  settings: Pick<Settings, "MCP_MAX_BODY_BYTES" | "MCP_MAX_BODY_VALUES" | "MCP_BODY_TIMEOUT_MS">,
  { wheel, connections }: { wheel: TimerWheel; connections: StreamRegistry },
): BodyLimits {
  return {
    maxBodyBytes: settings.MCP_MAX_BODY_BYTES,
    maxBodyValues: settings.MCP_MAX_BODY_VALUES,
    admission: connections.admission,
    turns: new Turns(),
    deadlines: new BodyDeadlines(settings.MCP_BODY_TIMEOUT_MS, wheel),
  };
}
