/**
 * Messages and errors as HTTP responses.
 *
 * @module
 */
import { messageOf, ProtocolError, stackOf } from "../base/errors.ts";
import { logFor } from "../base/log.ts";
import type { EventStream } from "../stream/event_stream.ts";
import { ERROR_TABLE, toErrorResponse } from "../wire/error_table.ts";
import { EVENT_STREAM_TYPE, JSON_TYPE } from "../wire/media_types.ts";

const log = logFor("http");
/** Looked up once: Deno has a getter for this global, which calls two functions. */
const { Response } = globalThis;
const JSON_HEADERS = { "content-type": JSON_TYPE };

/** Headers of every event stream: no cache may keep it, no proxy may hold or rewrite it. */
export const STREAM_HEADERS = {
  "content-type": EVENT_STREAM_TYPE,
  "cache-control": "no-cache, no-transform",
  "x-accel-buffering": "no",
} as const;

/**
 * A stream as a response.
 *
 * @param headers all headers, including those of every event stream
 */
export function eventStream(
  { readable }: EventStream,
  headers: Readonly<Record<string, string>> = STREAM_HEADERS,
): Response {
  return new Response(readable, { headers });
}

/** The headers of an event stream as the response to HEAD. */
export function streamHead(): Response {
  return new Response(null, { headers: STREAM_HEADERS });
}

/** JSON that no cache may keep. */
export function noStoreJson(body: unknown, status = 200): Response {
  return Response.json(body, { status, headers: { "cache-control": "no-store" } });
}

/** A message was taken; its answer, if any, goes another way. */
export function accepted(): Response {
  return new Response(null, { status: 202 });
}

/**
 * The HTTP answer to whatever was thrown, by the error table. An error that is not a
 * {@linkcode ProtocolError} is logged, and the client learns only that it is internal.
 */
export function errorResponse(thrown: unknown): Response {
  const error = thrown instanceof ProtocolError ? thrown : internalError(thrown);
  try {
    return responseOf(error);
  } catch (unwritable) {
    // An author's error may have a header or data that cannot be written.
    return responseOf(internalError(unwritable));
  }
}

function responseOf(error: ProtocolError): Response {
  const { status } = ERROR_TABLE[error.kind];
  return new Response(JSON.stringify(toErrorResponse(error)), {
    status,
    headers: { ...JSON_HEADERS, ...error.headers },
  });
}

/** Logs an error that is not for the client, and gives the one that the client gets instead. */
export function internalError(thrown: unknown): ProtocolError {
  log.error("Request failed", {
    error: messageOf(thrown),
    stack: stackOf(thrown),
  });
  return new ProtocolError("internal_error", "Internal error");
}
