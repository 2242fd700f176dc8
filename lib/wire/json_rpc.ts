/**
 * Reads JSON-RPC 2.0 messages, with errors that say what is wrong, and writes answers.
 * https://www.jsonrpc.org/specification, with MCP's restrictions: an id is a string or a number,
 * never null, and `params` is an object.
 *
 * @module
 */
import { ProtocolError } from "../base/errors.ts";
import { createIntern } from "../base/intern.ts";
import { emptyBodyError, invalidJsonError } from "./parse_errors.ts";

/** The id of a request (JSON-RPC 2.0, section 4). */
export type JsonRpcId = string | number;
/** A JSON object. */
export type JsonObject = Record<string, unknown>;

/** A request: it has a method and an id. */
export interface JsonRpcRequest {
  readonly jsonrpc: "2.0";
  readonly id: JsonRpcId;
  readonly method: string;
  readonly params?: JsonObject;
}

/** A notification: it has a method and no id, and gets no answer. */
export interface JsonRpcNotification {
  readonly jsonrpc: "2.0";
  readonly method: string;
  readonly params?: JsonObject;
}

/** The answer to a request that succeeded. */
export interface JsonRpcResultResponse {
  readonly jsonrpc: "2.0";
  readonly id: JsonRpcId;
  readonly result: unknown;
}

/** The answer to a request that failed. */
export interface JsonRpcErrorResponse {
  readonly jsonrpc: "2.0";
  readonly id: JsonRpcId | null;
  readonly error: {
    readonly code: number;
    readonly message: string;
    readonly data?: unknown;
  };
}

/** The answer to a request. */
export type JsonRpcResponse = JsonRpcResultResponse | JsonRpcErrorResponse;
/** Any message. */
export type JsonRpcMessage =
  | JsonRpcRequest
  | JsonRpcNotification
  | JsonRpcResponse;

/** Objects and arrays may nest this deep in a message, the message itself being level 1. */
export const MAX_DEPTH = 64;
/** Longest id of a request, in characters: it is kept while the request runs. */
export const MAX_ID_LENGTH = 8_192;

/**
 * Parses a text into a JSON value.
 *
 * @throws {ProtocolError} `parse_error` if the text is not JSON, or empty; `invalid_request` for
 *   nesting deeper than {@linkcode MAX_DEPTH}
 */
export function parseJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw text.trim() === "" ? emptyBodyError() : invalidJsonError(error, text.length);
  }
  checkDepth(value);
  return value;
}

/**
 * Refuses a value that is nested deeper than {@linkcode MAX_DEPTH}.
 *
 * @throws {ProtocolError} `invalid_request`
 */
export function checkDepth(value: unknown): void {
  if (isWithinDepth(value, MAX_DEPTH)) return;
  throw invalid(
    `Invalid request: nested deeper than ${MAX_DEPTH} levels`,
    idOf(value),
  );
}

/**
 * Tells which kind of message a JSON value is.
 *
 * @throws {ProtocolError} `invalid_request` naming the member at fault; a batch is refused too
 */
export function parseMessage(value: unknown): JsonRpcMessage {
  if (Array.isArray(value)) {
    throw invalid(
      "Invalid request: batches are not supported, send one message per request",
    );
  }
  if (!isObject(value)) {
    throw invalid("Invalid request: a message is a JSON object");
  }
  if (value.jsonrpc !== "2.0") {
    throw invalid('Invalid request: "jsonrpc" must be "2.0"', idOf(value));
  }
  if (
    "id" in value && idOf(value) === undefined &&
    !("error" in value && value.id === null)
  ) {
    throw invalid(
      `Invalid request: "id" must be a string of up to ${MAX_ID_LENGTH} characters or a number up to 2^53 - 1`,
    );
  }
  if ("method" in value) return parseCall(value);
  if ("result" in value || "error" in value) return parseResponse(value);
  throw invalid('Invalid request: "method" is missing', idOf(value));
}

function parseCall(value: JsonObject): JsonRpcRequest | JsonRpcNotification {
  const id = idOf(value);
  if (typeof value.method !== "string" || value.method === "") {
    throw invalid('Invalid request: "method" must be a non-empty string', id);
  }
  if ("result" in value || "error" in value) {
    throw invalid(
      'Invalid request: a message has either "method" or "result" or "error"',
      id,
    );
  }
  if (value.params !== undefined && !isObject(value.params)) {
    throw new ProtocolError(
      "invalid_params",
      'Invalid params: "params" must be an object',
      {
        ...(id !== undefined && { id }),
      },
    );
  }
  // Reuse one string object, so that lookups need not hash it again.
  value.method = internMethod(value.method);
  return value as JsonObject & (JsonRpcRequest | JsonRpcNotification);
}

const internMethod = createIntern();

function parseResponse(value: JsonObject): JsonRpcResponse {
  const id = idOf(value);
  if ("result" in value === "error" in value) {
    throw invalid(
      'Invalid request: a response has either "result" or "error"',
      id,
    );
  }
  if (!("id" in value)) {
    throw invalid('Invalid request: a response needs an "id"');
  }
  if ("error" in value && !isErrorObject(value.error)) {
    throw invalid(
      'Invalid request: "error" needs an integer "code" and a string "message"',
      id,
    );
  }
  return value as JsonObject & JsonRpcResponse;
}

/** Whether a message is a request. */
export function isRequest(message: JsonRpcMessage): message is JsonRpcRequest {
  return "method" in message && "id" in message;
}

/** Whether a message is a notification. */
export function isNotification(
  message: JsonRpcMessage,
): message is JsonRpcNotification {
  return "method" in message && !("id" in message);
}

/** Whether a message is a response. */
export function isResponse(
  message: JsonRpcMessage,
): message is JsonRpcResponse {
  return !("method" in message);
}

/** Whether a value is a JSON object: neither null nor a list. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** For `JSON.stringify()`: objects with the same members give the same text, whatever their order. */
export function sortKeys(_key: string, value: unknown): unknown {
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1));
}

/** A successful answer. */
export function resultResponse(
  id: JsonRpcId,
  result: unknown,
): JsonRpcResultResponse {
  return { jsonrpc: "2.0", result, id };
}

/**
 * A result that is serialized once and sent often. {@linkcode toJson} uses its text; other
 * serializers use its value.
 */
export class SerializedResult {
  readonly value: JsonObject;
  readonly json: string;

  /** @throws {TypeError} for what no JSON can hold */
  constructor(value: JsonObject) {
    this.value = value;
    this.json = JSON.stringify(value);
  }

  /** Called by `JSON.stringify()`. */
  toJSON(): JsonObject {
    return this.value;
  }
}

/** The JSON text of a message, or of whatever else is sent. */
export function toJson(message: unknown): string {
  const { result, id } = message as Partial<JsonRpcResultResponse>;
  return result instanceof SerializedResult
    ? `{"jsonrpc":"2.0","result":${result.json},"id":${JSON.stringify(id)}}`
    : JSON.stringify(message);
}

/** A notification; `params` is left out if there are none. */
export function notification(
  method: string,
  params?: JsonObject,
): JsonRpcNotification {
  return params === undefined ? { jsonrpc: "2.0", method } : { jsonrpc: "2.0", method, params };
}

function idOf(value: unknown): JsonRpcId | undefined {
  const id = isObject(value) ? value.id : undefined;
  // A number that JSON cannot represent exactly would answer another request.
  if (typeof id === "number") {
    return Math.abs(id) <= Number.MAX_SAFE_INTEGER ? id : undefined;
  }
  return typeof id === "string" && id.length <= MAX_ID_LENGTH ? id : undefined;
}

function isErrorObject(error: unknown): boolean {
  return isObject(error) && Number.isInteger(error.code) &&
    typeof error.message === "string";
}

function isWithinDepth(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  if (levels === 0) return false;
  if (Array.isArray(value)) {
    for (const item of value) {
      if (!isWithinDepth(item, levels - 1)) return false;
    }
    return true;
  }
  for (const key in value) {
    const member = (value as JsonObject)[key];
    // Most members are texts, which need no call.
    if (typeof member === "object" && !isWithinDepth(member, levels - 1)) return false;
  }
  return true;
}

function invalid(message: string, id?: JsonRpcId): ProtocolError {
  return new ProtocolError(
    "invalid_request",
    message,
    id === undefined ? {} : { id },
  );
}
