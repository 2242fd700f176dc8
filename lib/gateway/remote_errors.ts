/**
 * Reads the errors of the official library's transports, and says in the gateway's words what is
 * wrong with a remote server and what would be right.
 *
 * @module
 */
import { messageOf } from "../base/errors.ts";
import { isObject, type JsonRpcErrorResponse } from "../wire/json_rpc.ts";

/** Text of a server that an error quotes, in characters. */
const MAX_QUOTE = 200;
const STATUS_REGEXP = /\((?:HTTP )?([1-5]\d\d)\)/;
const PREFIX_REGEXP = /^(?:Error POSTing to endpoint|SSE error): /;
const TYPE_REGEXP = /^Unexpected content type: (.*)$/;
const REDIRECT_REGEXP = /Redirect to (\S+) not followed/;
/** Statuses of servers that speak the protocol, but not now or not with this caller. */
const NOT_NOW: ReadonlySet<number> = new Set([401, 403, 408, 429]);
const HEADERS = '"headers" of its entry in the file that MCP_SERVERS names';

/** Advice by status. */
const ADVICE: Readonly<Record<number, string>> = {
  401: `it wants a credential (HTTP 401): set ${HEADERS}; the gateway signs in nowhere by OAuth`,
  403: `it refuses the credential (HTTP 403): set ${HEADERS} to one that may use it`,
  404: 'no MCP server is at its URL (HTTP 404): check "url"',
  405: 'no MCP server is at its URL (HTTP 405): check "url"',
  410: 'no MCP server is at its URL any more (HTTP 410): check "url"',
};

/** Words of the runtime for a connection that fails, and advice for them. */
const CAUSES: readonly (readonly [words: RegExp, advice: string])[] = [
  [/dns error|failed to lookup/, 'its host name is not known: check "url"'],
  [
    /invalid peer certificate/,
    "its certificate is not trusted; DENO_CERT names a file of further " +
    "authorities",
  ],
  [/InvalidContentType/, 'it does not speak TLS at this port: "url" may need http://'],
  [/invalid HTTP version/, 'it speaks no plain HTTP at this port: "url" may need https://'],
  [/Connection refused/, "nothing listens there"],
];

/** The refusal of a message that a transport cannot carry. */
export class RefusedTransport extends Error {
  readonly status = 405;
}

/** The JSON-RPC error in the body of an HTTP error. */
export function answerIn(error: unknown): JsonRpcErrorResponse["error"] | undefined {
  try {
    const { error: found } = JSON.parse(bodyOf(error));
    const isError = isObject(found) && Number.isInteger(found.code) &&
      typeof found.message === "string";
    return isError
      ? { ...found, code: Number(found.code), message: String(found.message) }
      : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a server refuses a request because it speaks another transport. */
export function isRefusal(error: unknown): boolean {
  const status = statusOf(error);
  return status !== undefined && status >= 400 && status < 500 && !NOT_NOW.has(status);
}

/** The HTTP status that an error tells of. */
export function statusOf(error: unknown): number | undefined {
  const status = (error as { readonly status?: unknown } | undefined)?.status;
  if (typeof status === "number") return status;
  const digits = STATUS_REGEXP.exec(messageOf(error))?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** Whether no answer came at all. */
export function isUnreachable(error: unknown): boolean {
  return statusOf(error) === undefined &&
    (error as { readonly cause?: unknown })?.cause !== undefined;
}

/** Says what is wrong with a server. Its pages, headers and credentials are not quoted. */
export function describe(error: unknown): string {
  const text = messageOf(error).replace(PREFIX_REGEXP, "");
  const target = REDIRECT_REGEXP.exec(text)?.[1];
  if (target !== undefined) {
    return `it redirects to ${target}, which would get its "headers"; set "url" to it if that is right`;
  }
  const status = statusOf(error);
  if (status !== undefined) {
    return ADVICE[status] ?? `it answered with HTTP ${status}${quoted(bodyOf(error))}`;
  }
  if (isUnreachable(error)) return unreachable(text, messageOf((error as Error).cause));
  const type = TYPE_REGEXP.exec(text)?.[1];
  if (type !== undefined || text.startsWith("Invalid content type")) {
    const answer = type === undefined || type === "null" ? "something else" : type;
    return `it answered with ${answer} instead of JSON or an event stream: check "url"`;
  }
  if (error instanceof SyntaxError) return "it answered with JSON that is not complete";
  // The library validates messages with zod.
  if ((error as Error)?.name === "ZodError") return "it answered with JSON that is no message";
  return text.startsWith("it ") ? text : `its connection failed: ${text}`;
}

function unreachable(text: string, cause: string): string {
  const advice = CAUSES.find(([words]) => words.test(cause))?.[1];
  const details = `${text} (${cause})`;
  return advice === undefined
    ? `it cannot be reached: ${details}`
    : `it cannot be reached, ${advice}: ${details}`;
}

function bodyOf(error: unknown): string {
  const { data } = (error ?? {}) as { readonly data?: { readonly text?: unknown } };
  return typeof data?.text === "string" ? data.text : "";
}

/** The beginning of a text; a page for people says nothing here. */
function quoted(body: string): string {
  const text = body.trim();
  if (text === "" || text.startsWith("<")) return "";
  return `: ${text.replaceAll(/\s+/g, " ").slice(0, MAX_QUOTE)}`;
}
