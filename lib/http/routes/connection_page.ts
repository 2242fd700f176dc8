/**
 * One page of the open connections. They are filtered and sorted on the server, so that a reader of
 * 10,000 connections gets only what fits a screen.
 *
 * @module
 */
import { shortId } from "../../base/ids.ts";
import { isObject } from "../../wire/json_rpc.ts";
import type { StreamRegistry } from "../../stream/stream_registry.ts";
import type { EventStream } from "../../stream/event_stream.ts";

/** Fields to sort by; `opened` is the order in which the connections were opened. */
export const SORTS = [
  "opened",
  "dialect",
  "client",
  "pings",
  "failed_pings",
  "queued",
  "sent",
  "requests",
] as const;
/** The orders in which the connections can be listed. */
export const ORDERS = ["asc", "desc"] as const;

/** How to sort. */
export interface Sorting {
  readonly by: (typeof SORTS)[number];
  readonly order: (typeof ORDERS)[number];
}

/** Which connections are wanted. */
export interface PageQuery {
  readonly offset: number;
  readonly limit: number;
  /** A text that id, dialect, address, user agent or principal hold, whatever its case; empty for all. */
  readonly filter: string;
  readonly sorting: Sorting;
}

/** Whether a value from another instance is a query. */
export function isPageQuery(value: unknown): value is PageQuery {
  if (!isObject(value) || !isObject(value.sorting)) return false;
  const { offset, limit, filter, sorting: { by, order } } = value;
  return Number.isSafeInteger(offset) && Number.isSafeInteger(limit) &&
    typeof filter === "string" &&
    SORTS.some((one) => one === by) && ORDERS.some((one) => one === order);
}

/** The page, and how many connections there are to page through. */
export interface ConnectionPage {
  readonly page: readonly EventStream[];
  readonly matching: number;
}

type Key = (stream: EventStream) => number | string;

const KEYS: Readonly<Record<Exclude<Sorting["by"], "opened">, Key>> = {
  dialect: ({ dialect }) => dialect,
  client: ({ client }) => client.address,
  pings: ({ pingCount }) => pingCount,
  failed_pings: ({ failedPings }) => failedPings,
  queued: ({ queuedBytes }) => queuedBytes,
  sent: ({ sentBytes }) => sentBytes,
  requests: ({ unanswered }) => unanswered,
};

/** Selects the page that a query asks for. */
export function selectPage(
  streams: StreamRegistry,
  { offset, limit, filter, sorting }: PageQuery,
): ConnectionPage {
  const isDefaultOrder = sorting.by === "opened" && sorting.order === "asc";
  if (filter === "" && isDefaultOrder) {
    const page = [...streams.values().drop(offset).take(limit)];
    return { page, matching: streams.size };
  }
  const found = [...streams.values().filter(holds(filter))];
  const sorted = sorting.by === "opened" ? found : sortedBy(found, KEYS[sorting.by]);
  if (sorting.order === "desc") sorted.reverse();
  return { page: sorted.slice(offset, offset + limit), matching: found.length };
}

function holds(filter: string): (stream: EventStream) => boolean {
  const needle = filter.toLowerCase();
  if (needle === "") return () => true;
  // Parts of the whole id must not match, because a caller could guess them digit by digit.
  return ({ id, dialect, client }) =>
    id === needle ||
    [shortId(id), dialect, client.address, client.userAgent, client.principal ?? ""]
      .some((text) => text.toLowerCase().includes(needle));
}

/** Reads each key once; equal keys keep their order. */
function sortedBy(streams: readonly EventStream[], keyOf: Key): EventStream[] {
  return streams.map((stream) => ({ stream, key: keyOf(stream) }))
    .sort((a, b) => a.key < b.key ? -1 : a.key > b.key ? 1 : 0)
    .map(({ stream }) => stream);
}
