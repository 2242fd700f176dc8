/**
 * What a server offers, in the catalog of the app, so that everything which holds for Lifeline's own
 * features holds for these: dialects, limits, scopes, drain, metrics.
 *
 * @module
 */
import { messageOf, RegistrationError } from "../base/errors.ts";
import { logFor } from "../base/log.ts";
import type { Catalog } from "../registry/catalog.ts";
import type { Completer, Completers } from "../registry/completion.ts";
import type { ToolContext } from "../registry/context.ts";
import { headerParams } from "../registry/header_params.ts";
import type { Prompt } from "../registry/prompt.ts";
import type { Resource, ResourceTemplate } from "../registry/resource.ts";
import type { Tool } from "../registry/tool.ts";
import { UriTemplate } from "../registry/uri_template.ts";
import { isObject, type JsonObject } from "../wire/json_rpc.ts";
import { METHODS } from "../wire/methods.ts";
import type { GatewayServer } from "./server.ts";

const log = logFor("gateway");
const TOOL_NAME_REGEXP = /^[A-Za-z0-9_.-]{1,128}$/;
const VARIABLES_REGEXP = /\{[+#./;?&]?([^}]+)\}/g;

/** Makes features of the entries of a server's lists. */
export class RelayedFeatures {
  readonly #server: GatewayServer;

  constructor(server: GatewayServer) {
    this.#server = server;
  }

  /** @throws {RegistrationError} for a name that the protocol does not allow */
  tool(listing: JsonObject): Tool {
    const name = String(listing.name);
    const owner = `tool "${name}" of ${this.#server.name}`;
    if (!TOOL_NAME_REGEXP.test(name) || !isObject(listing.inputSchema)) {
      throw new RegistrationError(
        `Cannot serve ${owner}: a tool has a name of 1 to 128 letters, digits, "_", "-" and ".", ` +
          "and an inputSchema",
      );
    }
    return {
      name,
      listing: listing as JsonObject & Tool["listing"],
      headerParams: headerParams({ ...listing.inputSchema }, owner),
      call: (args, ctx) =>
        this.#relay<Awaited<ReturnType<Tool["call"]>>>(
          METHODS.callTool,
          { name, ...(args !== undefined && { arguments: args }) },
          ctx,
        ),
    };
  }

  resource(listing: JsonObject): Resource {
    return {
      name: String(listing.uri),
      listing: listing as JsonObject & Resource["listing"],
      read: (uri, ctx) => this.#read(uri, ctx),
    };
  }

  /** @throws {RegistrationError} for a template that is not RFC 6570 */
  template(listing: JsonObject): ResourceTemplate {
    const name = String(listing.uriTemplate);
    const template = new UriTemplate(name, `resource template of ${this.#server.name}`);
    const variables = [...name.matchAll(VARIABLES_REGEXP)]
      .flatMap(([, inner = ""]) => inner.split(",").map((one) => one.replace(/[:*].*$/, "")));
    return {
      name,
      listing: listing as JsonObject & ResourceTemplate["listing"],
      complete: this.#completers({ type: "ref/resource", uri: name }, variables),
      matches: (uri) => template.match(uri) !== undefined,
      read: async (uri, ctx) =>
        template.match(uri) === undefined ? undefined : await this.#read(uri, ctx),
    };
  }

  prompt(listing: JsonObject): Prompt {
    const name = String(listing.name);
    const names = Array.isArray(listing.arguments)
      ? listing.arguments.filter(isObject).map((one) => String(one.name))
      : [];
    return {
      name,
      listing: listing as JsonObject & Prompt["listing"],
      complete: this.#completers({ type: "ref/prompt", name }, names),
      get: (args, ctx) =>
        this.#relay<Awaited<ReturnType<Prompt["get"]>>>(
          METHODS.getPrompt,
          { name, ...(args !== undefined && { arguments: args }) },
          ctx,
        ),
    };
  }

  #read(uri: string, ctx: ToolContext) {
    return this.#relay<Awaited<ReturnType<Resource["read"]>>>(METHODS.readResource, { uri }, ctx);
  }

  /** The result is the server's, as it came. */
  #relay<Result>(method: string, params: JsonObject, ctx: ToolContext): Promise<Result> {
    const { progress } = ctx;
    return this.#server.request(method, params, {
      signal: ctx.signal,
      onProgress: (reported) =>
        progress(
          Number(reported.progress),
          reported.total === undefined ? undefined : Number(reported.total),
          typeof reported.message === "string" ? reported.message : undefined,
        ),
    }) as Promise<JsonObject & Result>;
  }

  #completers(ref: JsonObject, names: readonly string[]): Completers {
    const completer = (name: string): Completer => async (value, context) => {
      const params = { ref, argument: { name, value }, context: { ...context } };
      const { completion } = await this.#server.request(METHODS.complete, params);
      const values: unknown = isObject(completion) ? completion.values : [];
      return Array.isArray(values) ? values.filter((one) => typeof one === "string") : [];
    };
    return Object.fromEntries(names.map((name) => [name, completer(name)]));
  }
}

/** Adds each entry that can be served, and names the others in the log. */
export function replaceList<T extends { readonly name: string }>(
  list: { names(): Iterable<string>; remove(name: string): unknown; add(item: T): void },
  entries: readonly JsonObject[],
  make: (entry: JsonObject) => T,
): void {
  for (const name of [...list.names()]) list.remove(name);
  for (const entry of entries) {
    try {
      list.add(make(entry));
    } catch (error) {
      log.warning("Feature of a server cannot be served", { error: messageOf(error) });
    }
  }
}

/** The lists of a catalog, each with the capability that a server needs to have it. */
export function relayedLists(catalog: Catalog, features: RelayedFeatures) {
  return [
    {
      capability: "tools",
      method: METHODS.listTools,
      key: "tools",
      replace: (entries: readonly JsonObject[]) =>
        replaceList(catalog.tools, entries, (entry) => features.tool(entry)),
    },
    {
      capability: "resources",
      method: METHODS.listResources,
      key: "resources",
      replace: (entries: readonly JsonObject[]) =>
        replaceList(catalog.resources, entries, (entry) => features.resource(entry)),
    },
    {
      capability: "resources",
      method: METHODS.listResourceTemplates,
      key: "resourceTemplates",
      replace: (entries: readonly JsonObject[]) =>
        replaceList(catalog.resourceTemplates, entries, (entry) => features.template(entry)),
    },
    {
      capability: "prompts",
      method: METHODS.listPrompts,
      key: "prompts",
      replace: (entries: readonly JsonObject[]) =>
        replaceList(catalog.prompts, entries, (entry) => features.prompt(entry)),
    },
  ] as const;
}
