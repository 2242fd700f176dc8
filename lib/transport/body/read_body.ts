/**
 * Reading a request's body: the right type, not too large, not too slow.
 *
 * @module
 */
import { ProtocolError } from "../../base/errors.ts";
import { memoize } from "../../base/memoize.ts";
import type { MaybePromise } from "../../base/promises.ts";
import { CONTENT_TYPE, TRANSFER_ENCODING } from "../../wire/headers.ts";
import { isJsonContentType } from "../../wire/media_types.ts";
import { type BodyConsumer, PendingBody } from "./deadlines.ts";
import { tooLarge } from "./errors.ts";
import { type BodyLimits, LARGE_BYTES, LargeBody } from "./large_body.ts";

/**
 * Reads the body of a request and passes it to the consumer.
 *
 * @returns the consumer's response to the body, or to the {@linkcode ProtocolError}
 *   `body_too_large`, `body_timeout` or `parse_error`
 * @throws {ProtocolError} `unsupported_media_type`, `body_too_large`, or `overloaded` if memory is
 *   full, before any of it is read
 */
export function readBody(owner: BodyConsumer, limits: BodyLimits): MaybePromise<Response> {
  const { request, contentLength: declared } = owner;
  // Perf: reading `request.body` creates a stream, which costs more than the rest of a quick call.
  if (declared === "0" || (declared === null && request.body === null)) {
    return owner.take(undefined);
  }
  if (declared === null && describesNoBody(request)) return takeEmpty(owner, request.body, limits);
  if (declared !== null && lengthOf(declared) > limits.MCP_MAX_BODY_BYTES) throw tooLarge(limits);
  const type = owner.contentType;
  if (type === null || !isJsonContentType(type)) throw unsupportedType(type);
  limits.admission.admitBody();
  const isLarge = declared === null || lengthOf(declared) > LARGE_BYTES;
  // Perf: a body of declared length cannot grow, so the runtime reads it at once, as JSON, which is
  // Deno's fast path. It refuses a byte order mark, as RFC 8259 allows; reading by hand skips it.
  if (!isLarge) {
    return new PendingBody(owner, limits.deadlines).follow(request.json(), owner);
  }
  return new LargeBody(owner, limits).read(declared === null ? 0 : lengthOf(declared));
}

/**
 * Whether a request has neither a transfer coding nor a type. In HTTP/1.1 it has no body then (RFC
 * 9112, section 6.3), though `Deno.serve` gives each POST a stream; elsewhere it may have one.
 */
function describesNoBody({ headers }: Request): boolean {
  return !(headers.has(TRANSFER_ENCODING) || headers.has(CONTENT_TYPE));
}

/** Answers a request once its body has turned out to be empty. */
function takeEmpty(
  owner: BodyConsumer,
  body: ReadableStream<Uint8Array> | null,
  { deadlines }: BodyLimits,
): MaybePromise<Response> {
  const pending = new PendingBody(owner, deadlines);
  const reader = body?.getReader();
  pending.onLate = () => void reader?.cancel().catch(() => {});
  return pending.follow(requireEmpty(reader), owner);
}

async function requireEmpty(
  reader: ReadableStreamDefaultReader<Uint8Array> | undefined,
): Promise<void> {
  for (let chunk = await reader?.read(); chunk?.done === false; chunk = await reader?.read()) {
    if (chunk.value.byteLength === 0) continue;
    await reader?.cancel();
    throw unsupportedType(null);
  }
}

function unsupportedType(type: string | null): ProtocolError {
  return new ProtocolError(
    "unsupported_media_type",
    `Unsupported Content-Type ${type === null ? "(none)" : JSON.stringify(type.slice(0, 100))}: ` +
      "send the JSON-RPC message as application/json in UTF-8",
  );
}

/** To make a number of a text costs more than to compare it with the last. */
const lengthOf = memoize(Number);
