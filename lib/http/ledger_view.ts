import { ProtocolError } from "../base/errors.ts";
import type { ConnectionRegistry } from "../stream/connection_registry.ts";
import type { SseConnection } from "../stream/sse_connection.ts";

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;

/**
 * The ledger and one page of the open connections, as `GET /mcp/connections` gives them.
 *
 * @param query `offset` (0) and `limit` (100, 1 to 1000)
 * @param heapUsedBytes of the JavaScript heap
 * @throws {ProtocolError} `invalid_params` for a query that is not a number in range
 */
export function ledgerView(
  connections: ConnectionRegistry,
  query: URLSearchParams,
  heapUsedBytes: number,
): Record<string, unknown> {
  const { opened, open, lingering, closed, refused, queuedBytes } = connections.ledger();
  const offset = wholeNumber(query, "offset", {
    fallback: 0,
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
  });
  const limit = wholeNumber(query, "limit", {
    fallback: DEFAULT_LIMIT,
    min: 1,
    max: MAX_LIMIT,
  });
  const page = [...connections.connections().drop(offset).take(limit)];
  return {
    opened,
    open,
    lingering,
    closed,
    refused,
    queued_bytes: queuedBytes,
    heap_used_bytes: heapUsedBytes,
    connections: page.map(connectionView),
    ...(offset + page.length < open && { next_offset: offset + page.length }),
  };
}

function connectionView(connection: SseConnection): Record<string, unknown> {
  return {
    id: connection.id,
    dialect: connection.dialect.name,
    client_ip: connection.client.address,
    user_agent: connection.client.userAgent,
    age_ms: Math.round(connection.ageMs),
    ping_count: connection.pingCount,
    failed_pings: connection.failedPings,
    queued_bytes: connection.queuedBytes,
    sent_bytes: connection.sentBytes,
    requests_in_flight: connection.work?.size ?? 0,
  };
}

function wholeNumber(
  query: URLSearchParams,
  name: string,
  { fallback, min, max }: {
    readonly fallback: number;
    readonly min: number;
    readonly max: number;
  },
): number {
  const text = query.get(name);
  if (text === null) return fallback;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw new ProtocolError(
    "invalid_params",
    `"${name}" must be a whole number from ${min} to ${max}`,
  );
}
