import { valueAt } from "../registry/header_params.ts";
import type {
  JsonObject,
  JsonRpcId,
  JsonRpcMessage,
  JsonRpcRequest,
  JsonRpcResponse,
} from "../wire/json_rpc.ts";
import { encodeHeaderValue } from "../wire/mcp_headers.ts";
import { META_KEYS, metaOf } from "../wire/meta.ts";
import { METHODS } from "../wire/methods.ts";
import { type Channel, type ChannelOptions, HttpExchange, requireAccepted } from "./channel.ts";

/** 2026-07-28: each request says all about its client, and there is no session. */
export class ModernChannel implements Channel {
  readonly #options: ChannelOptions;
  readonly #http: HttpExchange;
  readonly #running = new Map<JsonRpcId, AbortController>();

  constructor(options: ChannelOptions) {
    this.#options = options;
    this.#http = new HttpExchange(options);
  }

  prepare(params: JsonObject): JsonObject {
    return withClientMeta(params, this.#options);
  }

  async request(message: JsonRpcRequest): Promise<JsonRpcResponse> {
    const abort = new AbortController();
    this.#running.set(message.id, abort);
    try {
      const { signal } = abort;
      const answer = await this.#http.post("/mcp", message, this.#headersOf(message), signal);
      return await this.#http.responseIn(answer, signal);
    } finally {
      this.#running.delete(message.id);
    }
  }

  /** A client of this revision cancels by leaving the response. */
  cancel(id: JsonRpcId): Promise<void> {
    this.#running.get(id)?.abort();
    return Promise.resolve();
  }

  async send(message: JsonRpcMessage): Promise<void> {
    const headers = { "mcp-protocol-version": this.#options.version };
    await requireAccepted(await this.#http.post("/mcp", message, headers));
  }

  async close(): Promise<void> {
    await this.#http.leave();
  }

  #headersOf({ method, params }: JsonRpcRequest): Record<string, string> {
    const name = method === METHODS.readResource ? params?.uri : params?.name;
    return {
      "mcp-protocol-version": this.#options.version,
      "mcp-method": method,
      ...(typeof name === "string" && { "mcp-name": encodeHeaderValue(name) }),
      ...(method === METHODS.callTool && this.#mirrored(String(name), params)),
    };
  }

  /** Arguments that the tool's schema wants in headers, too. */
  #mirrored(tool: string, params: JsonObject | undefined): Record<string, string> {
    const mirrored = this.#options.app.catalog.tools.get(tool)?.headerParams ?? [];
    return Object.fromEntries(mirrored.flatMap(({ header, path }) => {
      const value = valueAt(params?.arguments, path);
      return value === undefined ? [] : [[header, encodeHeaderValue(String(value))]];
    }));
  }
}

/** Adds what each request of 2026-07-28 says of its client. */
export function withClientMeta(
  params: JsonObject,
  { version, capabilities, info }: ChannelOptions,
): JsonObject {
  return {
    ...params,
    _meta: {
      [META_KEYS.protocolVersion]: version,
      [META_KEYS.clientCapabilities]: capabilities,
      [META_KEYS.clientInfo]: info,
      [META_KEYS.logLevel]: "debug",
      ...metaOf(params),
    },
  };
}

/** Leaves out what 2026-07-28 says of every result, so that a test fits every era. */
export function withoutEnvelope({ resultType: _type, ...result }: JsonObject): JsonObject {
  const { [META_KEYS.serverInfo]: _info, ...meta } = metaOf(result) ?? {};
  const { _meta, ...rest } = result;
  return Object.keys(meta).length === 0 ? rest : { ...rest, _meta: meta };
}
