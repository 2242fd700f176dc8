import type { Settings } from "../base/settings.ts";
import type { RegistryLimits } from "../stream/stream_registry.ts";

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
    maxFlaps: settings.MCP_MAX_FLAPS,
    streamOpens: {
      perSecond: settings.MCP_STREAM_OPENS_PER_SECOND,
      burst: settings.MCP_STREAM_OPENS_BURST,
    },
    initializes: {
      perSecond: settings.MCP_INITIALIZES_PER_SECOND,
      burst: settings.MCP_INITIALIZES_BURST,
    },
  };
}
