/**
 * Reads the errors of the official library's transports.
 *
 * @module
 */
import { messageOf } from "../base/errors.ts";
import { isObject, type JsonRpcErrorResponse } from "../wire/json_rpc.ts";

/** The refusal of a message that a transport cannot carry. */
export class RefusedTransport extends Error {
  readonly status = 405;
}

/** The JSON-RPC error in the body of an HTTP error. */
export function answerIn(error: unknown): JsonRpcErrorResponse["error"] | undefined {
  const { text } = (error as { readonly data?: { readonly text?: unknown } } | undefined)?.data ??
    {};
  try {
    const { error: found } = JSON.parse(String(text));
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
  return status !== undefined && status >= 400 && status < 500 && status !== 401 && status !== 403;
}

export function statusOf(error: unknown): number | undefined {
  const status = (error as { readonly status?: unknown } | undefined)?.status;
  if (typeof status === "number") return status;
  const [, digits] = /\(HTTP (\d{3})\)/.exec(messageOf(error)) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

export function causeOf(error: unknown): string {
  const cause = (error as { readonly cause?: unknown } | undefined)?.cause;
  return cause === undefined ? messageOf(error) : `${messageOf(error)} (${messageOf(cause)})`;
}
