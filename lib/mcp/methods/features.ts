/**
 * Tools, resources, prompts and completions, as all eras share them.
 *
 * @module
 */
import { ProtocolError } from "../../base/errors.ts";
import { isPromise } from "../../base/promises.ts";
import type { CatalogList, Page } from "../../registry/catalog.ts";
import type { Completers } from "../../registry/completion.ts";
import { isObject, type JsonObject } from "../../wire/json_rpc.ts";
import type {
  CompleteResult,
  ReadResourceResult,
  ServerCapabilities,
} from "../../wire/mcp_types.ts";
import type { Call } from "../call.ts";
import type { Method, ServerContext } from "./table.ts";

/** Most values one completion may hold (2025-11-25, server/utilities/completion). */
const MAX_COMPLETIONS = 100;

/** What the server says it can do, in every revision. */
export const SERVER_CAPABILITIES: ServerCapabilities = {
  completions: {},
  logging: {},
  prompts: { listChanged: true },
  resources: { listChanged: true, subscribe: true },
  tools: { listChanged: true },
};

/** `tools/list` (2025-11-25, server/tools and utilities/pagination). */
export const listTools: Method = ({ cursor }, _call, { catalog, pageSize }) =>
  listResult("tools", pageOf(catalog.tools, cursor, pageSize));

/** `resources/list` (2025-11-25, server/resources). */
export const listResources: Method = ({ cursor }, _call, { catalog, pageSize }) =>
  listResult("resources", pageOf(catalog.resources, cursor, pageSize));

/** `resources/templates/list` (2025-11-25, server/resources). */
export const listResourceTemplates: Method = ({ cursor }, _call, { catalog, pageSize }) =>
  listResult("resourceTemplates", pageOf(catalog.resourceTemplates, cursor, pageSize));

/** `prompts/list` (2025-11-25, server/prompts). */
export const listPrompts: Method = ({ cursor }, _call, { catalog, pageSize }) =>
  listResult("prompts", pageOf(catalog.prompts, cursor, pageSize));

/** `tools/call` (2025-11-25, server/tools). */
export const callTool: Method = (params, call, { catalog }) => {
  const name = textParam(params, "name");
  const tool = catalog.tools.get(name);
  if (tool === undefined) {
    throw new ProtocolError(
      "invalid_params",
      `Unknown tool: ${name.slice(0, 200)}; tools/list names those there are`,
    );
  }
  return tool.call(objectParam(params, "arguments"), call);
};

/** `prompts/get` (2025-11-25, server/prompts). */
export const getPrompt: Method = (params, call, { catalog }) => {
  const name = textParam(params, "name");
  const prompt = catalog.prompts.get(name);
  if (prompt === undefined) {
    throw new ProtocolError(
      "invalid_params",
      `Unknown prompt: ${name.slice(0, 200)}; prompts/list names those there are`,
    );
  }
  return prompt.get(objectParam(params, "arguments"), call);
};

/** `resources/read` (2025-11-25, server/resources): by URI, else by the first template that fits. */
export const readResource: Method = (params, call, { catalog }) => {
  const uri = textParam(params, "uri");
  const resource = catalog.resources.get(uri);
  return resource === undefined ? readByTemplate(uri, call, catalog) : resource.read(uri, call);
};

/** `completion/complete` (2025-11-25, server/utilities/completion). */
export const complete: Method = (params, _call, { catalog }) => {
  const { ref, argument, context } = params;
  if (
    !isObject(argument) || typeof argument.name !== "string" || typeof argument.value !== "string"
  ) {
    throw new ProtocolError(
      "invalid_params",
      'Invalid params: "argument" needs a "name" and a "value", both strings',
    );
  }
  const completers = completersOf(ref, catalog);
  const completer = Object.hasOwn(completers, argument.name)
    ? completers[argument.name]
    : undefined;
  const values = completer?.(argument.value, { arguments: knownArguments(context) }) ?? [];
  return isPromise(values) ? values.then(completion) : completion(values);
};

async function readByTemplate(
  uri: string,
  call: Call,
  catalog: ServerContext["catalog"],
): Promise<ReadResourceResult> {
  for (const template of catalog.resourceTemplates.values()) {
    const result = await template.read(uri, call);
    if (result !== undefined) return result;
  }
  throw new ProtocolError("resource_not_found", `Resource not found: ${uri.slice(0, 200)}`, {
    data: { uri },
  });
}

function completersOf(
  ref: unknown,
  { prompts, resourceTemplates }: ServerContext["catalog"],
): Completers {
  if (isObject(ref) && ref.type === "ref/prompt" && typeof ref.name === "string") {
    const prompt = prompts.get(ref.name);
    if (prompt !== undefined) return prompt.complete;
    throw new ProtocolError("invalid_params", `Unknown prompt: ${ref.name.slice(0, 200)}`);
  }
  if (isObject(ref) && ref.type === "ref/resource" && typeof ref.uri === "string") {
    const template = resourceTemplates.get(ref.uri);
    if (template !== undefined) return template.complete;
    throw new ProtocolError(
      "invalid_params",
      `Unknown resource template: ${ref.uri.slice(0, 200)}`,
    );
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

function completion(values: readonly string[]): CompleteResult {
  return {
    completion: {
      values: values.slice(0, MAX_COMPLETIONS),
      total: values.length,
      hasMore: values.length > MAX_COMPLETIONS,
    },
  };
}

function pageOf<L, T extends { readonly name: string; readonly listing: L }>(
  list: CatalogList<T>,
  cursor: unknown,
  pageSize: number,
): Page<L> {
  const { items, ...rest } = list.page(cursor, pageSize);
  return { items: items.map((item) => item.listing), ...rest };
}

function listResult<T>(key: string, { items, nextCursor }: Page<T>): JsonObject {
  return nextCursor === undefined ? { [key]: items } : { [key]: items, nextCursor };
}

function textParam(params: JsonObject, name: string): string {
  const value = params[name];
  if (typeof value === "string") return value;
  throw new ProtocolError("invalid_params", `Invalid params: "${name}" must be a string`);
}

function objectParam(params: JsonObject, name: string): JsonObject | undefined {
  const value = params[name];
  if (value === undefined || isObject(value)) return value;
  throw new ProtocolError("invalid_params", `Invalid params: "${name}" must be an object`);
}
