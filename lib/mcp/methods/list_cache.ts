/**
 * Lists are the same for every client and seldom change, so their pages are serialized once and kept
 * until they do.
 *
 * @module
 */
import { LruMap } from "../../base/lru_map.ts";
import { isPromise } from "../../base/promises.ts";
import { type JsonObject, SerializedResult } from "../../wire/json_rpc.ts";
import type { Method } from "./table.ts";

/**
 * Most pages of one list that are kept, because a client may begin a page after any entry. Each
 * takes the memory of its entries' JSON.
 */
const MAX_PAGES = 32;
/** Longest cursor whose page is kept; the server's own cursors are shorter. */
const MAX_CURSOR = 64;

/**
 * A method whose result is kept until the list it shows changes. The result must follow from the
 * list and the cursor alone.
 *
 * @param list whose pages the method gives; `revision` grows with every change
 */
export function cachedList(method: Method, list: { readonly revision: number }): Method {
  let pages = new LruMap<unknown, SerializedResult>(MAX_PAGES);
  let { revision } = list;
  return (params, call) => {
    if (list.revision !== revision) {
      pages = new LruMap(MAX_PAGES);
      revision = list.revision;
    }
    const { cursor } = params;
    const known = pages.get(cursor);
    if (known !== undefined) return known;
    const result = method(params, call);
    if (isPromise(result)) return result;
    const page = new SerializedResult(result as JsonObject);
    if (cursor === undefined || String(cursor).length <= MAX_CURSOR) pages.set(cursor, page);
    return page;
  };
}
