import { shortId } from "../../base/ids.ts";
import { ProtocolError } from "../../base/errors.ts";
import type { ChildReport, ServerReport, ServersBehind } from "../../base/server_report.ts";
import type { StreamRegistry } from "../../stream/stream_registry.ts";
import type { Client } from "../../stream/client.ts";
import type { EventStream } from "../../stream/event_stream.ts";
import { ORDERS, type PageQuery, selectPage, type Sorting, SORTS } from "./connection_page.ts";
import type { RecentEnds } from "../metrics/recent.ts";
import type { ChildView, ConnectionView, LedgerView, ServerView } from "../ledger_view.ts";

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;
/** Longest filter, in characters: every open connection is searched for it. */
const MAX_FILTER = 100;

/** Sources of the view. */
export interface LedgerSources {
  readonly streams: StreamRegistry;
  readonly recent: RecentEnds;
  /** Used bytes of the JavaScript heap. */
  readonly heapUsedBytes: number;
  /** Whether anybody on the network may call the tools. */
  readonly isOpen: boolean;
  /** The servers behind this one, where it is a gateway. */
  readonly servers?: ServersBehind | undefined;
}

/**
 * Reads which connections a request wants to see.
 *
 * @param query `offset` (0) and `limit` (100, 1 to 1000); `filter`, a text in the id, dialect,
 *   address, user agent or principal; `sort` and `order` (`asc`, `desc`), oldest first without them
 * @throws {ProtocolError} `invalid_params` for a value out of range
 */
export function readPageQuery(query: URLSearchParams): PageQuery {
  return {
    offset: wholeNumber(query, "offset", { fallback: 0, min: 0, max: Number.MAX_SAFE_INTEGER }),
    limit: wholeNumber(query, "limit", { fallback: DEFAULT_LIMIT, min: 1, max: MAX_LIMIT }),
    filter: filterOf(query),
    sorting: sortingOf(query),
  };
}

/**
 * The answer to `GET /mcp/connections`: the ledger, one page of the open connections, and the last
 * ended ones.
 */
export function ledgerView(
  { streams, recent, heapUsedBytes, isOpen, servers }: LedgerSources,
  wanted: PageQuery,
): LedgerView {
  const { opened, open, lingering, closed, refused, queuedBytes } = streams.ledger();
  const { page, matching } = selectPage(streams, wanted);
  const nextOffset = wanted.offset + page.length;
  return {
    opened,
    open,
    lingering,
    closed,
    refused,
    queued_bytes: queuedBytes,
    heap_used_bytes: heapUsedBytes,
    ...(isOpen && { is_open_to_all: true }),
    matching,
    connections: page.map(connectionView),
    ...(page.length > 0 && nextOffset < matching && { next_offset: nextOffset }),
    ...(servers !== undefined && { servers: servers.reports().map(serverView) }),
    recent_closed: recent.closed(),
    recent_refused: recent.refused(),
  };
}

function connectionView(connection: EventStream): ConnectionView {
  return {
    id: shortId(connection.id),
    dialect: connection.dialect,
    client_ip: connection.client.address,
    user_agent: connection.client.userAgent,
    ...principalOf(connection.client),
    age_ms: Math.round(connection.ageMs),
    ping_count: connection.pingCount,
    failed_pings: connection.failedPings,
    queued_bytes: connection.queuedBytes,
    sent_bytes: connection.sentBytes,
    requests_in_flight: connection.unanswered,
  };
}

function serverView(
  { name, isUp, starts, restarts, ends, calls, errors, waiting, children }: ServerReport,
): ServerView {
  const counts = { starts, restarts, ends, calls, errors, waiting };
  return { name, is_up: isUp, ...counts, children: children.map(childView) };
}

function childView({ id, policy, state, pid, clients, calls, ...child }: ChildReport): ChildView {
  return {
    id,
    policy,
    state,
    ...(pid !== undefined && { pid }),
    clients,
    age_ms: Math.round(child.ageMs),
    calls,
    requests_open: child.open,
    queued_characters: child.queued,
    last_lines: child.lastLines,
  };
}

function principalOf({ identity }: Client): Pick<ConnectionView, "principal" | "client_id"> {
  if (identity === undefined) return {};
  const { principal, clientId } = identity;
  return { principal, ...(clientId !== undefined && { client_id: clientId }) };
}

function filterOf(query: URLSearchParams): string {
  const filter = query.get("filter") ?? "";
  if (filter.length <= MAX_FILTER) return filter;
  throw new ProtocolError("invalid_params", `"filter" may have ${MAX_FILTER} characters`);
}

function sortingOf(query: URLSearchParams): Sorting {
  return { by: oneOf(query, "sort", SORTS), order: oneOf(query, "order", ORDERS) };
}

/** The first of the choices is the one that is meant without a word. */
function oneOf<T extends string>(
  query: URLSearchParams,
  name: string,
  choices: readonly [T, ...T[]],
): T {
  const text = query.get(name);
  const choice = text === null ? choices[0] : choices.find((one) => one === text);
  if (choice !== undefined) return choice;
  throw new ProtocolError("invalid_params", `"${name}" must be one of ${choices.join(", ")}`);
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
