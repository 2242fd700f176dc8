/**
 * Lists are the same for everybody and seldom change, so their pages are put into JSON once and
 * kept until they do.
 *
 * @module
 */
import { LruMap } from "../../base/lru_map.ts";
import { isPromise } from "../../base/promises.ts";
import type { Catalog } from "../../registry/catalog.ts";
import { type JsonObject, SerializedResult } from "../../wire/json_rpc.ts";
import type { Method, ServerContext } from "./table.ts";

/**
 * Most pages of one list that are kept: a client may begin a page after any entry. Each takes the
 * memory of its entries' JSON, so at worst a list is kept 32 times.
 */
const MAX_PAGES = 32;
/** Longest cursor whose page is kept; those that the lists give out are shorter. */
const MAX_CURSOR = 64;

/** The pages of one list of one server, by their cursors, as of one revision of the list. */
interface KeptPages {
  readonly revision: number;
  readonly pages: LruMap<unknown, SerializedResult>;
}

/**
 * A method whose result is kept until the list it shows changes. The result must follow from the
 * list and the cursor alone.
 */
export function cachedList(
  method: Method,
  listOf: (catalog: Catalog) => { readonly revision: number },
): Method {
  const servers = new WeakMap<ServerContext, KeptPages>();
  return (params, call, server) => {
    const pages = currentPages(servers, server, listOf(server.catalog).revision);
    const { cursor } = params;
    const known = pages.get(cursor);
    if (known !== undefined) return known;
    const result = method(params, call, server);
    if (isPromise(result)) return result;
    const page = new SerializedResult(result as JsonObject);
    if (cursor === undefined || String(cursor).length <= MAX_CURSOR) pages.set(cursor, page);
    return page;
  };
}

function currentPages(
  servers: WeakMap<ServerContext, KeptPages>,
  server: ServerContext,
  revision: number,
): KeptPages["pages"] {
  const kept = servers.get(server);
  if (kept?.revision === revision) return kept.pages;
  const pages = new LruMap<unknown, SerializedResult>(MAX_PAGES);
  servers.set(server, { revision, pages });
  return pages;
}
