/**
 * Reads a list of a server, page by page.
 *
 * @module
 */
import { isObject, type JsonObject } from "../wire/json_rpc.ts";
import type { ServerRequests } from "./upstream.ts";

/** Most entries of one list of a server, and most pages. */
const MAX_ENTRIES = 10_000;
const MAX_PAGES = 1_000;

/** A list of a server. */
export interface ServerList {
  /** The method that lists it. */
  readonly method: string;
  /** The member of a page that holds its entries. */
  readonly key: string;
}

/** The entries of a list. */
export interface ListEntries {
  readonly entries: readonly JsonObject[];
  /** Why entries are missing, and how many the server has sent; undefined if the list is complete. */
  readonly cut: { readonly reason: string; readonly sent: number } | undefined;
}

/**
 * Reads a list until it is complete, or longer than the gateway serves.
 *
 * @throws {ProtocolError} as the request of a page does
 */
export async function readList(
  upstream: ServerRequests,
  { method, key }: ServerList,
): Promise<ListEntries> {
  const entries: JsonObject[] = [];
  /** The cursors of the pages so far; the first page has none. */
  const asked = new Set<string | undefined>();
  let cursor: string | undefined;
  let reason: string | undefined;
  do {
    asked.add(cursor);
    const page = await upstream.request(method, cursor === undefined ? {} : { cursor });
    const listed = page[key];
    if (Array.isArray(listed)) { for (const one of listed) if (isObject(one)) entries.push(one); }
    cursor = typeof page.nextCursor === "string" ? page.nextCursor : undefined;
    reason = reasonToCut(entries.length, cursor, asked);
  } while (cursor !== undefined && reason === undefined);
  return {
    entries: entries.slice(0, MAX_ENTRIES),
    cut: reason === undefined ? undefined : { reason, sent: entries.length },
  };
}

/**
 * Why a list is not read to its end.
 *
 * @param entries how many there are so far
 * @param cursor of the next page; undefined after the last one
 * @param asked the cursors of the pages so far
 */
function reasonToCut(
  entries: number,
  cursor: string | undefined,
  asked: ReadonlySet<string | undefined>,
): string | undefined {
  const isTooLong = entries > MAX_ENTRIES;
  if (isTooLong) return TOO_LONG;
  const isComplete = cursor === undefined;
  if (isComplete) return undefined;
  // It would cause an endless loop.
  const isRepeated = asked.has(cursor);
  if (isRepeated) return "it repeats a cursor";
  const isFull = entries === MAX_ENTRIES;
  if (isFull) return TOO_LONG;
  const hasTooManyPages = asked.size === MAX_PAGES;
  return hasTooManyPages ? `it has more than ${MAX_PAGES} pages` : undefined;
}

const TOO_LONG = `it is longer than ${MAX_ENTRIES}`;
