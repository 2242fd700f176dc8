/**
 * Keeps the lists of a catalog like those of a server.
 *
 * @module
 */
import { messageOf } from "../base/errors.ts";
import { logFor } from "../base/log.ts";
import type { Catalog } from "../registry/catalog.ts";
import type { JsonObject } from "../wire/json_rpc.ts";
import { METHODS } from "../wire/methods.ts";
import type { RelayedFeatures } from "./features.ts";

const log = logFor("gateway");

/** The part of a catalog list that adds and removes a server's entries. */
interface SharedList<T> {
  get(name: string): T | undefined;
  remove(name: string): unknown;
  add(item: T): void;
}

/** Told of a feature that is not served, because another server has one of its name. */
export type OnCollision = (message: string) => void;

/**
 * Makes a function that replaces a server's entries in a list. The log names entries that cannot be
 * served, for example because their name is taken.
 */
function replacing<T extends { readonly name: string; readonly origin?: string }>(
  list: SharedList<T>,
  make: (entry: JsonObject) => T,
  onCollision: OnCollision = () => {},
): (entries: readonly JsonObject[]) => void {
  let served: string[] = [];
  return (entries) => {
    for (const name of served) list.remove(name);
    served = [];
    for (const entry of entries) {
      let taken: T | undefined;
      try {
        const item = make(entry);
        taken = list.get(item.name);
        list.add(item);
        served.push(item.name);
      } catch (error) {
        log.warning("Feature of a server cannot be served", { error: messageOf(error) });
        // A server may list an entry twice, for example on two pages.
        if (taken !== undefined && !served.includes(taken.name)) onCollision(messageOf(error));
      }
    }
  };
}

/** The lists of a catalog, each with the capability that a server needs to have it. */
export function relayedLists(
  catalog: Catalog,
  features: RelayedFeatures,
  onCollision?: OnCollision,
) {
  const tools = replacing(catalog.tools, (entry) => features.tool(entry), onCollision);
  return [
    {
      capability: "tools",
      method: METHODS.listTools,
      key: "tools",
      replace: (entries: readonly JsonObject[]) =>
        tools(entries.filter((entry) => features.isServed(entry))),
    },
    {
      capability: "resources",
      method: METHODS.listResources,
      key: "resources",
      replace: replacing(catalog.resources, (entry) => features.resource(entry)),
    },
    {
      capability: "resources",
      method: METHODS.listResourceTemplates,
      key: "resourceTemplates",
      replace: replacing(catalog.resourceTemplates, (entry) => features.template(entry)),
    },
    {
      capability: "prompts",
      method: METHODS.listPrompts,
      key: "prompts",
      replace: replacing(catalog.prompts, (entry) => features.prompt(entry), onCollision),
    },
  ] as const;
}
