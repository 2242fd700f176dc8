/**
 * Puts a server's features into the app's catalog, so that dialects, limits, scopes, drain and
 * metrics apply to them as to Lifeline's own features.
 *
 * @module
 */

import { hasScopes, scopeFailure } from "../auth/scopes.ts";
import { ProtocolError, RegistrationError } from "../base/errors.ts";
import { isLogLevel } from "../mcp/log_levels.ts";
import type { UnlistedReader } from "../registry/catalog.ts";
import type { AnswerCompletion } from "../registry/completion.ts";
import type { ToolContext } from "../registry/context.ts";
import { type HeaderParam, headerParams } from "../registry/header_params.ts";
import type { Prompt } from "../registry/prompt.ts";
import type { Resource, ResourceTemplate } from "../registry/resource.ts";
import type { Tool } from "../registry/tool.ts";
import { UriTemplate } from "../registry/uri_template.ts";
import { isObject, type JsonObject } from "../wire/json_rpc.ts";
import type { CompleteResult } from "../wire/mcp_types.ts";
import { metaMember } from "../wire/meta.ts";
import { METHODS } from "../wire/methods.ts";
import { progressOf } from "./held_call.ts";
import type { GatewayServer } from "./server.ts";
import { clientOf } from "./share.ts";

/** Longest name of a tool or prompt, and longest URI, in characters. */
const MAX_NAME = 4_096;
/** The completion of a server that has none. */
const NOTHING: CompleteResult = { completion: { values: [] } };

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
  readonly #onRequest: () => void;

  constructor(
    server: GatewayServer,
    selection: Selection,
    { send, onRequest = () => {} }: {
      readonly send?: SendRequest;
      /** Called before each request that is passed on. */
      readonly onRequest?: () => void;
    } = {},
  ) {
    this.#server = server;
    this.#selection = selection;
    this.#send = send;
    this.#onRequest = onRequest;
  }

  /** Whether a tool of the server is served. */
  isServed({ name }: JsonObject): boolean {
    const { allow, block } = this.#selection;
    return (allow?.includes(String(name)) ?? true) && !block.includes(String(name));
  }

  /**
   * The protocol recommends letters and digits for names, and before 2025-11-25 it said nothing, so
   * any name is served.
   *
   * @throws {RegistrationError} for a tool that clients could not call
   */
  tool(listing: JsonObject): Tool {
    const name = this.#named(listing, "name", "tool");
    const { prefix, timeoutMs } = this.#selection;
    const scopes = this.#scopesOf(name);
    const fullName = prefix + name;
    const owner = `tool "${fullName}" of ${this.#server.name}`;
    if (!isObject(listing.inputSchema)) {
      throw new RegistrationError(`Cannot serve ${owner}: it has no inputSchema`);
    }
    const isTask = isObject(listing.execution) && listing.execution.taskSupport === "required";
    return {
      name: fullName,
      origin: originOf(this.#server.name),
      listing: named(listing, fullName) as JsonObject & Tool["listing"],
      headerParams: knownHeaderParams(listing.inputSchema, owner),
      ...needing(scopes),
      ...(timeoutMs !== undefined && { timeoutMs }),
      call: (args, ctx) =>
        isTask
          ? Promise.reject(taskRefusal(owner))
          : this.#relay<Awaited<ReturnType<Tool["call"]>>>(
            METHODS.callTool,
            { name, ...(args !== undefined && { arguments: args }) },
            ctx,
            scopes,
          ),
    };
  }

  /** @throws {RegistrationError} for one without a URI */
  resource(listing: JsonObject): Resource {
    return {
      name: this.#named(listing, "uri", "resource"),
      origin: originOf(this.#server.name),
      listing: listing as JsonObject & Resource["listing"],
      ...needing(this.#selection.scopes),
      read: (uri, ctx) => this.#read(uri, ctx),
    };
  }

  /** @throws {RegistrationError} for a template that is not RFC 6570 */
  template(listing: JsonObject): ResourceTemplate {
    const name = this.#named(listing, "uriTemplate", "resource template");
    const template = new UriTemplate(name, `resource template of ${this.#server.name}`);
    return {
      name,
      origin: originOf(this.#server.name),
      listing: listing as JsonObject & ResourceTemplate["listing"],
      ...needing(this.#selection.scopes),
      complete: {},
      answerCompletion: this.#answerCompletion({ type: "ref/resource", uri: name }),
      matches: (uri) => template.match(uri) !== undefined,
      read: async (uri, ctx) =>
        template.match(uri) === undefined ? undefined : await this.#read(uri, ctx),
    };
  }

  /** @throws {RegistrationError} for one without a name */
  prompt(listing: JsonObject): Prompt {
    const name = this.#named(listing, "name", "prompt");
    const fullName = this.#selection.prefix + name;
    return {
      name: fullName,
      origin: originOf(this.#server.name),
      listing: named(listing, fullName) as JsonObject & Prompt["listing"],
      ...needing(this.#selection.scopes),
      complete: {},
      answerCompletion: this.#answerCompletion({ type: "ref/prompt", name }),
      get: (args, ctx) =>
        this.#relay<Awaited<ReturnType<Prompt["get"]>>>(
          METHODS.getPrompt,
          { name, ...(args !== undefined && { arguments: args }) },
          ctx,
        ),
    };
  }

  /** Reads resources that the server does not list. */
  unlisted(): UnlistedReader {
    return {
      ...needing(this.#selection.scopes),
      read: (uri, ctx) => {
        const { connection } = this.#server;
        const hasNone = connection !== undefined &&
          connection.facts.capabilities.resources === undefined;
        return hasNone ? undefined : this.#read(uri, ctx);
      },
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
    this.#onRequest();
    const { meta } = ctx;
    const sent = Object.keys(meta).length === 0 ? params : { ...params, _meta: meta };
    if (this.#send !== undefined) {
      return this.#send(method, sent) as Promise<JsonObject & Result>;
    }
    return this.#server.request(method, sent, {
      signal: ctx.signal,
      client: clientOf(ctx.caller),
      // A server that is asked for progress may work to report it.
      ...(ctx.wantsProgress && {
        onProgress: (reported) => ctx.progress(...progressOf(reported)),
      }),
      ownerOf: () => ctx.session,
      onLog: (message) => {
        const { level, data, logger } = message;
        if (!isLogLevel(level)) return;
        const name = typeof logger === "string" ? logger : undefined;
        ctx.log[level](data, name, metaMember(message)._meta);
      },
    }) as Promise<JsonObject & Result>;
  }

  #named(listing: JsonObject, member: string, kind: string): string {
    const name = listing[member];
    if (typeof name === "string" && name !== "" && name.length <= MAX_NAME) return name;
    throw new RegistrationError(
      `Cannot serve a ${kind} of ${this.#server.name}: its ${member} must be a text of 1 to ` +
        `${MAX_NAME} characters`,
    );
  }

  #scopesOf(tool: string): readonly string[] {
    const { scopes, toolScopes } = this.#selection;
    const own = Object.hasOwn(toolScopes, tool) ? toolScopes[tool]! : [];
    return [...new Set([...scopes, ...own])];
  }

  #answerCompletion(ref: JsonObject): AnswerCompletion {
    return async (params, signal) => {
      this.#onRequest();
      try {
        const asked = { ref, ...params };
        return await this.#server.request(METHODS.complete, asked, { signal }) as
          & JsonObject
          & CompleteResult;
      } catch (error) {
        // The gateway declares completions whether this server has them or not.
        if (error instanceof ProtocolError && error.kind === "method_not_found") return NOTHING;
        throw error;
      }
    };
  }
}

/** An entry under a name that may be another. */
function named(listing: JsonObject, name: string): JsonObject {
  return listing.name === name ? listing : { ...listing, name };
}

/** The header parameters of schemas that several children list. */
const PARAMS = new WeakMap<JsonObject, readonly HeaderParam[]>();

function knownHeaderParams(schema: JsonObject, owner: string): readonly HeaderParam[] {
  const known = PARAMS.get(schema) ?? headerParams({ ...schema }, owner);
  PARAMS.set(schema, known);
  return known;
}

/** Clients that can use tasks do not call such a tool, as the gateway does not declare them. */
function taskRefusal(owner: string): ProtocolError {
  return new ProtocolError(
    "method_not_found",
    `Method not found: the ${owner} runs only as a task, and the gateway passes no tasks on`,
  );
}

/** The member `scopes` of a feature; absent if it needs none. */
function needing(scopes: readonly string[]): { readonly scopes?: readonly string[] } {
  return scopes.length === 0 ? {} : { scopes };
}
