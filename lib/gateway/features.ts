/**
 * Puts a server's features into the app's catalog, so that dialects, limits, scopes, drain and
 * metrics apply to them as to Lifeline's own features.
 *
 * @module
 */

import { hasScopes, scopeFailure } from "../auth/scopes.ts";
import { messageOf, ProtocolError, RegistrationError } from "../base/errors.ts";
import { logFor } from "../base/log.ts";
import { isLogLevel } from "../mcp/log_levels.ts";
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

/** The origin of a server's features, as the catalog names it. */
export function originOf(server: string): string {
  return `server ${server}`;
}

/** How the features of a server are named, and which are served. */
export interface Selection {
  /** Put before the names of its tools and prompts. */
  readonly prefix: string;
  /** The tools that are served, by the server's own names; undefined for all. */
  readonly allow: readonly string[] | undefined;
  /** Tools that are not served. */
  readonly block: readonly string[];
  /** Scopes that each of its features needs. */
  readonly scopes: readonly string[];
  /** Scopes that single tools need besides, by the server's own names. */
  readonly toolScopes: Readonly<Record<string, readonly string[]>>;
  /** Time limit of its tools (ms); undefined for that of all requests. */
  readonly timeoutMs: number | undefined;
}

/** Sends a request of a client in another way than by the server that lists the features. */
export type SendRequest = (method: string, params: JsonObject) => Promise<JsonObject>;

/** Makes features of the entries of a server's lists. */
export class RelayedFeatures {
  readonly #server: GatewayServer;
  readonly #selection: Selection;
  readonly #send: SendRequest | undefined;

  constructor(server: GatewayServer, selection: Selection, send?: SendRequest) {
    this.#server = server;
    this.#selection = selection;
    this.#send = send;
  }

  /** Whether a tool of the server is served. */
  isServed({ name }: JsonObject): boolean {
    const { allow, block } = this.#selection;
    return (allow?.includes(String(name)) ?? true) && !block.includes(String(name));
  }

  /** @throws {RegistrationError} for a name that the protocol does not allow */
  tool(listing: JsonObject): Tool {
    const name = String(listing.name);
    const { prefix, timeoutMs } = this.#selection;
    const scopes = this.#scopesOf(name);
    const fullName = prefix + name;
    const owner = `tool "${fullName}" of ${this.#server.name}`;
    if (!TOOL_NAME_REGEXP.test(fullName) || !isObject(listing.inputSchema)) {
      throw new RegistrationError(
        `Cannot serve ${owner}: a tool has a name of 1 to 128 letters, digits, "_", "-" and ".", ` +
          "and an inputSchema",
      );
    }
    return {
      name: fullName,
      origin: originOf(this.#server.name),
      listing: { ...listing, name: fullName } as JsonObject & Tool["listing"],
      headerParams: headerParams({ ...listing.inputSchema }, owner),
      ...needing(scopes),
      ...(timeoutMs !== undefined && { timeoutMs }),
      call: (args, ctx) =>
        this.#relay<Awaited<ReturnType<Tool["call"]>>>(
          METHODS.callTool,
          { name, ...(args !== undefined && { arguments: args }) },
          ctx,
          scopes,
        ),
    };
  }

  resource(listing: JsonObject): Resource {
    return {
      name: String(listing.uri),
      origin: originOf(this.#server.name),
      listing: listing as JsonObject & Resource["listing"],
      ...needing(this.#selection.scopes),
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
      origin: originOf(this.#server.name),
      listing: listing as JsonObject & ResourceTemplate["listing"],
      ...needing(this.#selection.scopes),
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
    const fullName = this.#selection.prefix + name;
    return {
      name: fullName,
      origin: originOf(this.#server.name),
      listing: { ...listing, name: fullName } as JsonObject & Prompt["listing"],
      ...needing(this.#selection.scopes),
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

  /** Returns the server's result unchanged. */
  #relay<Result>(
    method: string,
    params: JsonObject,
    ctx: ToolContext,
    scopes = this.#selection.scopes,
  ): Promise<Result> {
    // A tool may be one that only clients see that can be asked.
    if (!hasScopes(scopes, ctx.caller.scopes ?? [])) {
      const { message } = scopeFailure(scopes, ctx.caller.scopes ?? []);
      return Promise.reject(new ProtocolError("insufficient_scope", message));
    }
    const { meta } = ctx;
    const sent = Object.keys(meta).length === 0 ? params : { ...params, _meta: meta };
    if (this.#send !== undefined) {
      return this.#send(method, sent) as Promise<JsonObject & Result>;
    }
    const { progress } = ctx;
    return this.#server.request(method, sent, {
      signal: ctx.signal,
      onProgress: (reported) =>
        progress(
          Number(reported.progress),
          reported.total === undefined ? undefined : Number(reported.total),
          typeof reported.message === "string" ? reported.message : undefined,
        ),
      onLog: ({ level, data, logger }) => {
        if (!isLogLevel(level)) return;
        ctx.log[level](data, typeof logger === "string" ? logger : undefined);
      },
    }) as Promise<JsonObject & Result>;
  }

  #scopesOf(tool: string): readonly string[] {
    const { scopes, toolScopes } = this.#selection;
    const own = Object.hasOwn(toolScopes, tool) ? toolScopes[tool]! : [];
    return [...new Set([...scopes, ...own])];
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

/** The member `scopes` of a feature; absent if it needs none. */
function needing(scopes: readonly string[]): { readonly scopes?: readonly string[] } {
  return scopes.length === 0 ? {} : { scopes };
}

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
        if (taken !== undefined) onCollision(messageOf(error));
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
