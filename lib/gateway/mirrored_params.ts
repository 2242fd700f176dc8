import { type HeaderParam, headerParams, valueAt } from "../registry/header_params.ts";
import {
  isObject,
  isRequest,
  type JsonObject,
  type JsonRpcMessage,
  type JsonRpcResponse,
} from "../wire/json_rpc.ts";
import { encodeHeaderValue } from "../wire/mcp_headers.ts";
import { META_KEYS, metaOf } from "../wire/meta.ts";
import { METHODS } from "../wire/methods.ts";

const NONE: Readonly<Record<string, string>> = {};

/** The headers that repeat arguments of a tool (2026-07-28, server/tools, `x-mcp-header`). */
export class MirroredParams {
  readonly #params = new Map<string, readonly HeaderParam[]>();

  /** Reads the tools of a list. */
  learn(method: string | undefined, response: JsonRpcResponse): void {
    if (method !== METHODS.listTools || !("result" in response)) return;
    const { tools } = response.result as JsonObject;
    if (!Array.isArray(tools)) return;
    for (const { name, inputSchema } of tools.filter(isObject)) {
      const params = isObject(inputSchema) ? paramsOf(inputSchema, String(name)) : [];
      if (params.length > 0) this.#params.set(String(name), params);
      else this.#params.delete(String(name));
    }
  }

  /** The headers of a message. */
  of(message: JsonRpcMessage): Readonly<Record<string, string>> {
    if (this.#params.size === 0 || !isRequest(message)) return NONE;
    const { method, params } = message;
    if (method !== METHODS.callTool || !isModern(params)) return NONE;
    const found = this.#params.get(String(params?.name)) ?? [];
    return Object.fromEntries(found.flatMap(({ header, path }) => {
      const value = valueAt(params?.arguments, path);
      return value === undefined ? [] : [[header, encodeHeaderValue(String(value))]];
    }));
  }
}

function isModern(params: JsonObject | undefined): boolean {
  return metaOf(params)?.[META_KEYS.protocolVersion] !== undefined;
}

/** A tool with annotations that contradict the specification is not served at all. */
function paramsOf(schema: JsonObject, tool: string): readonly HeaderParam[] {
  try {
    return headerParams({ ...schema }, tool);
  } catch {
    return [];
  }
}
