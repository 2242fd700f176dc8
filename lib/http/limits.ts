import type { Settings } from "../base/settings.ts";
import type { TimerWheel } from "../base/timer_wheel.ts";
import type { RegistryLimits, StreamRegistry } from "../stream/stream_registry.ts";
import { BodyDeadlines } from "../transport/body/deadlines.ts";
import type { BodyLimits } from "../transport/body/large_body.ts";
import { Turns } from "../transport/body/turns.ts";

/**
 * The settings that streams read with every write. V8 stores the large object of all settings as a
 * dictionary, so these settings are copied into a small object.
 */
export function registryLimits(settings: Settings): RegistryLimits {
  return {
    MCP_AUTH_RECHECK_MS: settings.MCP_AUTH_RECHECK_MS,
    MCP_CALLS_BURST: settings.MCP_CALLS_BURST,
    MCP_CALLS_PER_SECOND: settings.MCP_CALLS_PER_SECOND,
    MCP_INITIALIZES_BURST: settings.MCP_INITIALIZES_BURST,
    MCP_INITIALIZES_PER_SECOND: settings.MCP_INITIALIZES_PER_SECOND,
    MCP_MAX_BODY_BYTES_PER_CLIENT: settings.MCP_MAX_BODY_BYTES_PER_CLIENT,
    MCP_MAX_CONNECTIONS: settings.MCP_MAX_CONNECTIONS,
    MCP_MAX_CONNECTIONS_PER_CLIENT: settings.MCP_MAX_CONNECTIONS_PER_CLIENT,
    MCP_MAX_CONNECTION_MS: settings.MCP_MAX_CONNECTION_MS,
    MCP_MAX_FLAPS: settings.MCP_MAX_FLAPS,
    MCP_MAX_HEAP_PERCENT: settings.MCP_MAX_HEAP_PERCENT,
    MCP_MAX_PING_FAILURES: settings.MCP_MAX_PING_FAILURES,
    MCP_MAX_QUEUED_BYTES: settings.MCP_MAX_QUEUED_BYTES,
    MCP_MAX_RESIDENT_PERCENT: settings.MCP_MAX_RESIDENT_PERCENT,
    MCP_MAX_TOTAL_BODY_BYTES: settings.MCP_MAX_TOTAL_BODY_BYTES,
    MCP_MAX_TOTAL_QUEUED_BYTES: settings.MCP_MAX_TOTAL_QUEUED_BYTES,
    MCP_PING_INTERVAL_MS: settings.MCP_PING_INTERVAL_MS,
    MCP_REQUEST_TIMEOUT_MS: settings.MCP_REQUEST_TIMEOUT_MS,
    MCP_STREAM_OPENS_BURST: settings.MCP_STREAM_OPENS_BURST,
    MCP_STREAM_OPENS_PER_SECOND: settings.MCP_STREAM_OPENS_PER_SECOND,
  };
}

/** How large a body may be, and how long it may take. */
export function bodyLimits(
  settings: Pick<Settings, "MCP_MAX_BODY_BYTES" | "MCP_MAX_BODY_VALUES" | "MCP_BODY_TIMEOUT_MS">,
  { wheel, streams }: { wheel: TimerWheel; streams: StreamRegistry },
): BodyLimits {
  return {
    MCP_MAX_BODY_BYTES: settings.MCP_MAX_BODY_BYTES,
    MCP_MAX_BODY_VALUES: settings.MCP_MAX_BODY_VALUES,
    admission: streams.admission,
    turns: new Turns(),
    deadlines: new BodyDeadlines(settings.MCP_BODY_TIMEOUT_MS, wheel),
  };
}
