/**
 * Requests of 2026-07-28 and later. Each carries its revision and its client's capabilities, and
 * repeats in headers the values that a proxy needs. A request with different values in headers and
 * body is refused.
 *
 * @module
 */
import { ProtocolError } from "../../base/errors.ts";
import type { MaybePromise } from "../../base/promises.ts";
import type { Catalog } from "../../registry/catalog.ts";
import { valueAt } from "../../registry/header_params.ts";
import { agreedCopy, METHOD, NAME, onlyCopy } from "../../wire/headers.ts";
import type { KnownHeaders } from "../../wire/known_headers.ts";
import type {
  JsonObject,
  JsonRpcId,
  JsonRpcRequest,
  JsonRpcResponse,
} from "../../wire/json_rpc.ts";
import { decodeHeaderValue, sameHeaderValue } from "../../wire/mcp_headers.ts";
import { META_KEYS, metaOf } from "../../wire/meta.ts";
import { METHODS } from "../../wire/methods.ts";
import { eraOf, MODERN_VERSIONS, PROTOCOL_VERSIONS } from "../../wire/protocol_versions.ts";
import { badMetaError, quote, readModernClient } from "./client.ts";
import { type ListenDeps, openListen } from "./listen.ts";
import type { RequestContext } from "../request_head.ts";
import { handleStateless, type StatelessDeps } from "../stateless/request.ts";

/** The parameter that a method's `Mcp-Name` repeats. */
const NAME_PARAM: Readonly<Record<string, string>> = {
  [METHODS.callTool]: "name",
  [METHODS.getPrompt]: "name",
  [METHODS.readResource]: "uri",
};

/** HTTP status of the errors for which this revision asks for one; all others are a 200. */
const STATUS_OF_CODE: Readonly<Record<number, number>> = {
  [-32601]: 404,
  [-32020]: 400,
  [-32021]: 400,
  [-32022]: 400,
};

/** Whether a request is of the modern era: its `_meta` says a revision, or its header a modern one. */
export function isModern(params: JsonObject | undefined, version: string | null): boolean {
  if (version !== null && eraOf(version) === "modern") return true;
  return typeof metaOf(params)?.[META_KEYS.protocolVersion] === "string";
}

/**
 * Answers a modern request.
 *
 * @throws {ProtocolError} when headers, `_meta` and body do not agree, or the revision is unknown
 */
export function answerModern(
  deps: StatelessDeps & ListenDeps & { readonly catalog: Catalog },
  c: RequestContext,
  message: JsonRpcRequest,
): MaybePromise<Response> {
  checkVersion(message, c.version);
  checkHeaders(message, c.known);
  const client = readModernClient(message);
  checkParams(message, c.headers, deps.catalog);
  if (message.method === METHODS.listen) return openListen(deps, c, message);
  return handleStateless(deps, { c, message, methods: deps.server.modern, client, statusOf });
}

function statusOf(response: JsonRpcResponse): number {
  return "error" in response ? STATUS_OF_CODE[response.error.code] ?? 200 : 200;
}

/**
 * Refuses a revision that the server does not support.
 *
 * @throws {ProtocolError} `unsupported_protocol_version` with the list of those that are
 */
export function requireModernVersion(requested: string, id: JsonRpcId): void {
  if ((MODERN_VERSIONS as readonly string[]).includes(requested)) return;
  throw new ProtocolError(
    "unsupported_protocol_version",
    `Unsupported protocol version ${JSON.stringify(requested.slice(0, 40))}`,
    { id, data: { supported: PROTOCOL_VERSIONS, requested } },
  );
}

function checkVersion({ id, params }: JsonRpcRequest, header: string | null): void {
  const requested = metaOf(params)?.[META_KEYS.protocolVersion];
  if (typeof requested !== "string") throw badMetaError(META_KEYS.protocolVersion, "a string", id);
  if (header === null) throw mismatch("MCP-Protocol-Version is missing", id);
  if (header !== requested) {
    throw mismatch(
      `MCP-Protocol-Version is ${quote(header)}, but the body's _meta says ${quote(requested)}`,
      id,
    );
  }
  requireModernVersion(requested, id);
}

function checkHeaders({ id, method, params }: JsonRpcRequest, known: KnownHeaders): void {
  const methodHeader = onlyCopy(known.mcpMethod, METHOD);
  if (methodHeader === null) throw mismatch("Mcp-Method is missing", id);
  if (methodHeader !== method) {
    throw mismatch(`Mcp-Method is ${quote(methodHeader)}, but the body says ${quote(method)}`, id);
  }
  const source = NAME_PARAM[method];
  const name = source === undefined ? undefined : params?.[source];
  if (typeof name === "string") requireValue(known.mcpName, { header: NAME, value: name, id });
}

/** Compares the headers of the parameters that the tool's schema marks. */
function checkParams(
  { id, method, params }: JsonRpcRequest,
  headers: Headers,
  catalog: Catalog,
): void {
  if (method !== METHODS.callTool || typeof params?.name !== "string") return;
  for (const { header, path } of catalog.tools.get(params.name)?.headerParams ?? []) {
    const value = valueAt(params.arguments, path);
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
      requireValue(headers.get(header), { header, value, id });
    } else if (value === undefined && headers.has(header)) {
      throw mismatch(`${header} is sent, but the body has no value for it`, id);
    }
  }
}

interface ExpectedHeader {
  readonly header: string;
  readonly value: string | number | boolean;
  readonly id: JsonRpcId;
}

/** @param sent the header, as it came */
function requireValue(sent: string | null, { header, value, id }: ExpectedHeader): void {
  // Errors are logged, and arguments must not be.
  const isArgument = header !== NAME;
  const inBody = isArgument ? "has a value for it" : `says ${quote(value)}`;
  if (sent === null) throw mismatch(`${header} is missing, the body ${inBody}`, id);
  const decoded = decodeHeaderValue(sent);
  const copy = sent.includes(",") ? agreedCopy(sent) : undefined;
  const decodedCopy = copy === undefined ? undefined : decodeHeaderValue(copy);
  if (decodedCopy !== undefined && sameHeaderValue(decodedCopy, value)) return;
  if (decoded === undefined) throw mismatch(`${header} holds invalid characters`, id);
  if (sameHeaderValue(decoded, value)) return;
  throw mismatch(
    isArgument
      ? `${header} differs from the value in the body`
      : `${header} is ${quote(decoded)}, but the body ${inBody}`,
    id,
  );
}

function mismatch(what: string, id: JsonRpcId): ProtocolError {
  return new ProtocolError("header_mismatch", `Header mismatch: ${what}`, { id });
}
