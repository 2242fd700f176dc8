/**
 * The two families of errors. A {@linkcode ProtocolError} is written for the client and is sent
 * unchanged. Every other error is internal: it goes to the log, and the client gets -32603.
 *
 * @module
 */

/** The kinds of protocol errors; `lib/wire/error_table.ts` has the code and HTTP status of each. */
const PROTOCOL_ERROR_KINDS = [
  "parse_error",
  "invalid_request",
  "method_not_found",
  "invalid_params",
  "internal_error",
  "resource_not_found",
  "header_mismatch",
  "missing_client_capability",
  "unsupported_protocol_version",
  "body_too_large",
  "body_timeout",
  "unsupported_media_type",
  "not_acceptable",
  "host_refused",
  "origin_refused",
  "unauthorized",
  "forbidden",
  "insufficient_scope",
  "not_found",
  "method_not_allowed",
  "connection_not_found",
  "stream_ended",
  "session_not_found",
  "too_many_requests",
  "overloaded",
  "auth_unavailable",
  "not_routed",
  "draining",
] as const;

/** The kind of a protocol error. */
export type ProtocolErrorKind = (typeof PROTOCOL_ERROR_KINDS)[number];

const KINDS: ReadonlySet<unknown> = new Set(PROTOCOL_ERROR_KINDS);

/** Optional members of a {@linkcode ProtocolError}. */
export interface ProtocolErrorOptions {
  /** The `data` member of the JSON-RPC error. */
  readonly data?: unknown;
  /** Id of the request at fault, where it could be read. */
  readonly id?: string | number;
  /** Further HTTP headers of the answer, such as `Retry-After` or `Allow`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The JSON-RPC code of an error that another server answered with; default: that of the kind. */
  readonly code?: number;
  readonly cause?: unknown;
}

/** An error with a message for the client. */
export class ProtocolError extends Error {
  readonly kind: ProtocolErrorKind;
  readonly data: unknown;
  readonly id: string | number | undefined;
  readonly headers: Readonly<Record<string, string>> | undefined;
  readonly code: number | undefined;

  /** @throws {TypeError} for a kind that does not exist, and for a code that is not a whole number */
  constructor(
    kind: ProtocolErrorKind,
    message: string,
    options: ProtocolErrorOptions = {},
  ) {
    requireKnown(kind, options.code);
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.name = "ProtocolError";
    this.kind = kind;
    this.data = options.data;
    this.id = options.id;
    this.headers = options.headers;
    this.code = options.code;
  }

  /** The same error as the answer to a request, unless it already is the answer to one. */
  forRequest(id: string | number): ProtocolError {
    if (this.id !== undefined) return this;
    const { data, headers, code, cause } = this;
    return new ProtocolError(this.kind, this.message, {
      data,
      id,
      cause,
      ...(headers !== undefined && { headers }),
      ...(code !== undefined && { code }),
    });
  }
}

/** A request names a tool or prompt that its client does not find. */
export class UnknownNameError extends ProtocolError {
  constructor(message: string) {
    super("invalid_params", message);
  }
}

/** Authors may write JavaScript, and no answer could be made of any other kind. */
function requireKnown(kind: unknown, code: number | undefined): void {
  if (!KINDS.has(kind)) {
    const kinds = PROTOCOL_ERROR_KINDS.join(", ");
    throw new TypeError(
      `No ProtocolError is of the kind ${JSON.stringify(kind)}; use one of ${kinds}`,
    );
  }
  if (code !== undefined && !Number.isInteger(code)) {
    throw new TypeError(`The code of a ProtocolError is a whole number, not ${String(code)}`);
  }
}

/**
 * An error that a tool means for its client: its message always reaches the model, also where
 * `MCP_MASK_ERRORS` hides the messages of other errors.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createApp, defineTool, ToolError } from "../mod.ts";
 * import { testClient } from "../testing.ts";
 *
 * const pay = defineTool({
 *   name: "pay",
 *   description: "Pays an order",
 *   run: () => {
 *     throw new ToolError("The order is paid already");
 *   },
 * });
 * const app = createApp({ tools: [pay], settings: { MCP_MASK_ERRORS: "on" } });
 * await using client = await testClient(app);
 * const { content } = await client.call("pay");
 * assertEquals(content, [{ type: "text", text: "The order is paid already" }]);
 * ```
 */
export class ToolError extends Error {
  override readonly name = "ToolError";
}

/** A setting, flag or module that cannot be used; stops the start, never a connection. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** A tool, resource or prompt that cannot be served; thrown when it is defined or registered. */
export class RegistrationError extends Error {
  override readonly name = "RegistrationError";
}

/** Why a running call was stopped; the `reason` of `ctx.signal`. */
export class CallAborted extends Error {
  override readonly name = "CallAborted";
  /** A close reason of the connection, or `cancelled` (by the client) or `timeout`. */
  readonly reason: string;

  constructor(reason: string, message = `Call aborted: ${reason}`) {
    super(message);
    this.reason = reason;
  }
}

/** Longest text that is made of a thrown object (characters). */
const MAX_OBJECT_TEXT = 1_000;
/** How many causes of causes are read. */
const MAX_CAUSES = 4;
/** Most errors of one `AggregateError` that are read. */
const MAX_ERRORS = 10;

/**
 * The message of a thrown value, for logs and tool results; never a stack.
 *
 * For an `AggregateError` it includes the messages of its errors, for an error without a message
 * that of its cause. For an object it is its `message`, else its text form, else its JSON.
 *
 * @param thrown any value; getters that throw are handled
 * @returns its message, or a fixed text if it has none
 */
export function messageOf(thrown: unknown): string {
  try {
    return wordsOf(thrown, MAX_CAUSES);
  } catch {
    return "Unknown error";
  }
}

/**
 * The stack of whatever was thrown, with those of its causes and of the errors that it holds, for
 * the log.
 *
 * @param thrown any value; getters that throw are handled
 * @returns undefined where there is no stack
 */
export function stackOf(thrown: unknown): string | undefined {
  try {
    return stacksOf(thrown, MAX_CAUSES);
  } catch {
    return undefined;
  }
}

function wordsOf(thrown: unknown, left: number): string {
  if (typeof thrown !== "object" || thrown === null) return String(thrown);
  const { message, errors, cause } = thrown as {
    readonly message?: unknown;
    readonly errors?: unknown;
    readonly cause?: unknown;
  };
  const words = typeof message === "string" ? message : "";
  if (thrown instanceof AggregateError && Array.isArray(errors) && left > 0) {
    const inner = errors.slice(0, MAX_ERRORS).map((error) => wordsOf(error, left - 1));
    return [words, inner.join("; ")].filter((text) => text !== "").join(": ");
  }
  if (words !== "") return words;
  if (thrown instanceof Error) {
    return cause === undefined || left === 0 ? "" : wordsOf(cause, left - 1);
  }
  return objectText(thrown);
}

function objectText(thrown: object): string {
  const { toString } = thrown;
  const hasText = !Array.isArray(thrown) && toString !== Object.prototype.toString;
  const text = hasText ? String(thrown) : JSON.stringify(thrown);
  return text === "{}" ? "Unknown error" : text.slice(0, MAX_OBJECT_TEXT);
}

function stacksOf(thrown: unknown, left: number): string | undefined {
  if (!(thrown instanceof Error)) return undefined;
  const related: unknown[] = thrown instanceof AggregateError ? [...thrown.errors] : [];
  if (thrown.cause !== undefined) related.push(thrown.cause);
  const inner = left > 0 ? related.slice(0, MAX_ERRORS) : [];
  return [
    thrown.stack ?? `${thrown.name}: ${thrown.message}`,
    ...inner.map((one) => `Caused by: ${stacksOf(one, left - 1) ?? messageOf(one)}`),
  ].join("\n");
}
