/**
 * Lists seldom change, so their pages are serialized once for all callers who find the same, and kept
 * until a list changes.
 *
 * @module
 */
import { LruMap } from "../../base/lru_map.ts";
import { isPromise } from "../../base/promises.ts";
import { type JsonObject, SerializedResult } from "../../wire/json_rpc.ts";
import type { Viewer } from "../../registry/visibility.ts";
import type { Method } from "./table.ts";

/**
 * Most pages of one list that are kept, because a client may begin a page after any entry. Each
 * takes the memory of its entries' JSON.
 */
const MAX_PAGES = 32;
/** Maximum length of a cursor whose page is cached; the server's own cursors are shorter. */
const MAX_CURSOR = 64;
/** Most views of one list that are kept: callers of different scopes find different entries. */
const MAX_VIEWS = 32;

type Pages = LruMap<unknown, SerializedResult>;

/** A list with cached pages. */
export interface ViewedList {
  /** Grows with every change. */
  readonly revision: number;
  /** Scopes that decide which features a caller sees; empty if all callers see the same. */
  readonly access: { readonly viewScopes: readonly string[] };
  /** Names the features that a caller sees. */
  viewOf(viewer: Viewer): string;
}

/**
 * Caches the results of a method until its list changes. The result may depend only on the list,
 * the caller's view of it and the cursor.
 *
 * @param list the list that the method returns in pages
 */
export function cachedList(method: Method, list: ViewedList): Method {
  let views = new LruMap<string, Pages>(MAX_VIEWS);
  let { revision } = list;
  return (params, call) => {
    if (list.revision !== revision) {
      views = new LruMap(MAX_VIEWS);
      revision = list.revision;
    }
    const { cursor } = params;
    const { viewScopes } = list.access;
    const { scope } = call;
    const visibility = scope.session?.visibility;
    const isShared = viewScopes.length === 0 && visibility === undefined;
    // Perf: to make the caller takes as long as the rest, and most lists are the same for all.
    const view = isShared ? "" : list.viewOf({ granted: scope.caller.scopes, visibility });
    const pages = views.get(view);
    const known = pages?.get(cursor);
    if (known !== undefined) return known;
    const result = method(params, call);
    if (isPromise(result)) return result;
    const page = new SerializedResult(result as JsonObject);
    if (cursor !== undefined && String(cursor).length > MAX_CURSOR) return page;
    const kept = pages ?? new LruMap<unknown, SerializedResult>(MAX_PAGES);
    kept.set(cursor, page);
    views.set(view, kept);
    return page;
  };
}
