import { nodeUtil } from "../base/node.ts";
import type { JsonObject } from "../wire/json_rpc.ts";

/**
 * The entries of a server's lists. The children of a server list the same nearly always, so a
 * gateway with many of them should not keep each list many times.
 */
export class KnownEntries {
  readonly #lists = new Map<string, readonly JsonObject[]>();

  /**
   * @param list the name of the list
   * @returns the entries that a child lists, and for each that the child before it listed at the
   *   same place the object that is known already
   */
  share(list: string, entries: readonly JsonObject[]): readonly JsonObject[] {
    const known = this.#lists.get(list) ?? [];
    const { isDeepStrictEqual } = nodeUtil();
    const shared = entries.map((entry, at) =>
      isDeepStrictEqual(known[at], entry) ? known[at]! : entry
    );
    this.#lists.set(list, shared);
    return shared;
  }
}
