/**
 * Methods for tools, resources, prompts and completions, shared by all eras.
 *
 * @module
 */
import { ALL_SCOPES, hasScopes, scopeFailure } from "../../auth/scopes.ts";
import { ProtocolError, UnknownNameError } from "../../base/errors.ts";
import { isPromise, type MaybePromise } from "../../base/promises.ts";
import type { Guarded } from "../../registry/access.ts";
import type { Catalog, UnlistedReader } from "../../registry/catalog.ts";
import type { CatalogList } from "../../registry/catalog_list.ts";
import { completionResult } from "../../registry/completion.ts";
import type { Prompt } from "../../registry/prompt.ts";
import type { ResourceTemplate } from "../../registry/resource.ts";
import type { ToolContext } from "../../registry/context.ts";
import { MAX_URI_LENGTH } from "../../registry/uri.ts";
import { isObject, type JsonObject } from "../../wire/json_rpc.ts";
import type {
  CompleteResult,
  ReadResourceResult,
  ServerCapabilities,
} from "../../wire/mcp_types.ts";
import { metaMember } from "../../wire/meta.ts";
import { METHODS } from "../../wire/methods.ts";
import { featureMethod, withMiddleware } from "./middleware.ts";
import type { ServerContext } from "../server_context.ts";
import type { Call } from "../call.ts";
import type { Method } from "./table.ts";

/** The server's capabilities, the same in every revision. */
export const SERVER_CAPABILITIES: ServerCapabilities = {
  completions: {},
  logging: {},
  prompts: { listChanged: true },
  resources: { listChanged: true, subscribe: true },
  tools: { listChanged: true },
};

/** The methods that all eras share, bound to one server. */
export interface FeatureMethods {
  /** `tools/list` (2025-11-25, server/tools and utilities/pagination). */
  readonly listTools: Method;
  /** `tools/call` (2025-11-25, server/tools). */
  readonly callTool: Method;
  /** `resources/list` (2025-11-25, server/resources). */
  readonly listResources: Method;
  /** `resources/templates/list` (2025-11-25, server/resources). */
  readonly listResourceTemplates: Method;
  /** `resources/read` (2025-11-25, server/resources): by URI, else by the first template that fits. */
  readonly readResource: Method;
  /** `prompts/list` (2025-11-25, server/prompts). */
  readonly listPrompts: Method;
  /** `prompts/get` (2025-11-25, server/prompts). */
  readonly getPrompt: Method;
  /** `completion/complete` (2025-11-25, server/utilities/completion). */
  readonly complete: Method;
}

/** Makes the methods of one server. */
export function featureMethods({ catalog, settings, use }: ServerContext): FeatureMethods {
  const { tools, resources, resourceTemplates, prompts } = catalog;
  return {
    listTools: listMethod("tools", tools, settings),
    listResources: listMethod("resources", resources, settings),
    listResourceTemplates: listMethod("resourceTemplates", resourceTemplates, settings),
    listPrompts: listMethod("prompts", prompts, settings),
    callTool: featureMethod(
      use,
      { method: METHODS.callTool, nameParam: "name" },
      (name, args, ctx, call) => {
        const tool = tools.find(name, call.scope.session?.visibility);
        if (tool === undefined) unknownName("tool", name, METHODS.listTools);
        requireScopes(tool, call);
        return tool.call(args, ctx, call.masksErrors);
      },
    ),
    getPrompt: featureMethod(
      use,
      { method: METHODS.getPrompt, nameParam: "name" },
      (name, args, ctx, call) => {
        const prompt = prompts.find(name, call.scope.session?.visibility);
        if (prompt === undefined) unknownName("prompt", name, METHODS.listPrompts);
        requireScopes(prompt, call);
        return prompt.get(args, ctx, call.masksErrors);
      },
    ),
    readResource: featureMethod(
      use,
      { method: METHODS.readResource, nameParam: "uri" },
      (uri, _args, ctx, call) => {
        const visibility = call.scope.session?.visibility;
        const resource = catalog.resource(uri, visibility);
        if (resource !== undefined) {
          requireScopes(resource, call);
          return resource.read(resource.name, ctx);
        }
        const templates = resourceTemplates.visibleTo({ granted: ALL_SCOPES, visibility });
        return readByTemplate(uri, ctx, { templates, unlisted: catalog.unlisted, call });
      },
    ),
    complete: withMiddleware(
      use,
      METHODS.complete,
      (params, call) => completeArgument(params, catalog, call),
    ),
  };
}

function completeArgument(
  params: JsonObject,
  catalog: Catalog,
  call: Call,
): MaybePromise<CompleteResult> {
  const { ref, argument, context } = params;
  if (
    !isObject(argument) || typeof argument.name !== "string" || typeof argument.value !== "string"
  ) {
    throw new ProtocolError(
      "invalid_params",
      'Invalid params: "argument" needs a "name" and a "value", both strings',
    );
  }
  const { complete: completers = {}, answerCompletion } = completedFeature(ref, catalog, call);
  if (answerCompletion !== undefined) {
    const asked = { argument, ...(context !== undefined && { context }), ...metaMember(params) };
    return answerCompletion(asked, call.signal);
  }
  const completer = Object.hasOwn(completers, argument.name)
    ? completers[argument.name]
    : undefined;
  const values = completer?.(argument.value, { arguments: knownArguments(context) }) ?? [];
  const owner = `${isObject(ref) ? ref.name ?? ref.uri : ""}, argument ${argument.name},`;
  return isPromise(values)
    ? values.then((settled) => completionResult(settled, owner))
    : completionResult(values, owner);
}

function unknownName(kind: string, name: string, list: string): never {
  throw new UnknownNameError(
    `Unknown ${kind}: ${name.slice(0, 200)}; ${list} names those there are`,
  );
}

/**
 * Refuses a caller without the scopes of a feature. HTTP refuses most such requests earlier, with a
 * status. This check covers features that became visible after that, and sessions of other instances.
 */
function requireScopes({ scopes }: Guarded, call: Call): void {
  if (scopes === undefined || scopes.length === 0) return;
  const granted = call.scope.caller.scopes;
  if (hasScopes(scopes, granted)) return;
  throw new ProtocolError("insufficient_scope", scopeFailure(scopes, granted ?? []).message);
}

async function readByTemplate(
  uri: string,
  context: ToolContext,
  { templates, unlisted, call }: {
    readonly templates: Iterable<ResourceTemplate>;
    readonly unlisted: readonly UnlistedReader[];
    readonly call: Call;
  },
): Promise<ReadResourceResult> {
  if (uri.length > MAX_URI_LENGTH) {
    throw new ProtocolError(
      "invalid_params",
      `Invalid params: "uri" is longer than ${MAX_URI_LENGTH} characters`,
    );
  }
  for (const template of templates) {
    // Matching takes time, and a template without scopes is matched by its read alone.
    if (template.scopes !== undefined && template.matches(uri)) requireScopes(template, call);
    const result = await template.read(uri, context);
    if (result !== undefined) return result;
  }
  return await readUnlisted(uri, context, { unlisted, call });
}

/** @throws {ProtocolError} of the first reader that refuses, if none has it */
async function readUnlisted(
  uri: string,
  context: ToolContext,
  { unlisted, call }: { readonly unlisted: readonly UnlistedReader[]; readonly call: Call },
): Promise<ReadResourceResult> {
  const refusals: ProtocolError[] = [];
  for (const reader of unlisted) {
    try {
      requireScopes(reader, call);
      const result = await reader.read(uri, context);
      if (result !== undefined) return result;
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      refusals.push(error);
    }
  }
  // One that cannot be asked now may have it, and says more than one that does not know it.
  const notAsked = refusals.find(({ kind }) => kind === "overloaded");
  const refused = refusals.find(({ kind }) => kind !== "insufficient_scope");
  throw notAsked ?? refused ?? refusals[0] ??
    new ProtocolError("resource_not_found", `Resource not found: ${uri.slice(0, 200)}`, {
      data: { uri },
    });
}

function completedFeature(
  ref: unknown,
  catalog: Catalog,
  call: Call,
): Partial<Pick<Prompt, "complete" | "answerCompletion">> {
  const visibility = call.scope.session?.visibility;
  if (isObject(ref) && ref.type === "ref/prompt" && typeof ref.name === "string") {
    const prompt = catalog.prompts.find(ref.name, visibility);
    if (prompt === undefined) {
      throw new ProtocolError("invalid_params", `Unknown prompt: ${ref.name.slice(0, 200)}`);
    }
    requireScopes(prompt, call);
    return prompt;
  }
  if (isObject(ref) && ref.type === "ref/resource" && typeof ref.uri === "string") {
    const found = catalog.referenced(ref.uri, visibility);
    if (found === undefined) {
      throw new ProtocolError(
        "invalid_params",
        `Unknown resource template: ${ref.uri.slice(0, 200)}`,
      );
    }
    requireScopes(found, call);
    // A resource has no variables.
    return "complete" in found ? found : {};
  }
  throw new ProtocolError(
    "invalid_params",
    'Invalid params: "ref" is {"type":"ref/prompt","name":…} or {"type":"ref/resource","uri":…}',
  );
}

function knownArguments(context: unknown): Readonly<Record<string, string>> {
  const given = isObject(context) && isObject(context.arguments) ? context.arguments : {};
  return Object.fromEntries(
    Object.entries(given).filter((entry): entry is [string, string] =>
      typeof entry[1] === "string"
    ),
  );
}

/** Lists the features that a caller sees, in pages. */
function listMethod<T extends { readonly name: string; readonly listing: unknown }>(
  key: string,
  list: CatalogList<T>,
  { MCP_PAGE_SIZE }: ServerContext["settings"],
): Method {
  return ({ cursor }, { scope }) => {
    const { items, nextCursor } = list.page(cursor, MCP_PAGE_SIZE, {
      granted: scope.caller.scopes,
      visibility: scope.session?.visibility,
    });
    const listings = items.map(({ listing }) => listing);
    return nextCursor === undefined ? { [key]: listings } : { [key]: listings, nextCursor };
  };
}
