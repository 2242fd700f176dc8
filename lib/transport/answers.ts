/**
 * The responses to requests, on their way out: each is bounded in size, an error takes the place of
 * one that cannot be sent, and long ones count among what waits for readers.
 *
 * @module
 */
import { ProtocolError } from "../base/errors.ts";
import { logFor } from "../base/log.ts";
import type { StreamRegistry } from "../stream/stream_registry.ts";
import { toErrorResponse } from "../wire/error_table.ts";
import {
  type JsonObject,
  type JsonRpcResponse,
  SerializedResult,
  toJson,
} from "../wire/json_rpc.ts";
import { jsonEvent } from "../wire/sse.ts";
import { internalError, STREAM_HEADERS } from "./respond.ts";

const log = logFor("http");

/** Looked up once: Deno has a getter for this global, which calls two functions. */
const { Response } = globalThis;
const JSON_HEADERS = { "content-type": "application/json" };

/**
 * A longer text is handed over in pieces, and counted while it waits (characters). A shorter one costs
 * less than its socket, and Deno does not tell when it has been taken.
 */
const LONG_TEXT = 16_384;
/** Results that have surely no more characters are not measured. */
const SMALL_RESULT = 8_192;
/** No character takes more bytes of JSON, escaped or not. */
const MAX_BYTES_PER_CHARACTER = 6;
/** The quotes, comma and colon of a text, or of a member and its text, count as one character. */
const QUOTES = 1;
/** A character of UTF-16 takes three bytes of UTF-8 at most. */
const BYTES_PER_CHARACTER = 3;

/** Writes the responses of one app. */
export class Answers {
  readonly #streams: Pick<StreamRegistry, "body">;
  readonly #maxBytes: number;
  readonly #smallResult: number;

  /** @param maxBytes of one result, as JSON (`MCP_MAX_RESULT_BYTES`) */
  constructor(streams: Pick<StreamRegistry, "body">, maxBytes: number) {
    this.#streams = streams;
    this.#maxBytes = maxBytes;
    this.#smallResult = Math.min(SMALL_RESULT, maxBytes / MAX_BYTES_PER_CHARACTER);
  }

  /**
   * The response with its result as JSON text, or an error where no JSON can hold the result or it is
   * too large.
   *
   * @param maxBytes of the result
   */
  sendable(response: JsonRpcResponse, maxBytes: number = this.#maxBytes): JsonRpcResponse {
    if (!("result" in response)) return response;
    const { jsonrpc, result, id } = response;
    try {
      const serialized = result instanceof SerializedResult
        ? result
        : new SerializedResult(result as JsonObject);
      if (isWithin(serialized.json, maxBytes)) {
        return serialized === result ? response : { jsonrpc, result: serialized, id };
      }
      return failed(response, tooLarge(serialized.json.length, this.#maxBytes));
    } catch (error) {
      return failed(response, internalError(error));
    }
  }

  /** An `application/json` body with one response. */
  json(response: JsonRpcResponse, status = 200): Response {
    if (status === 200 && this.#isSmall(response)) {
      try {
        // `Response.json()` without options is Deno's fast path.
        return Response.json(response);
      } catch (error) {
        return Response.json(failed(response, internalError(error)));
      }
    }
    return this.#respond(this.text(response), { status, headers: JSON_HEADERS });
  }

  /** The JSON text of a response, or of the error in its place. */
  text(response: JsonRpcResponse): string {
    let text: string;
    try {
      text = toJson(response);
    } catch (error) {
      return toJson(failed(response, internalError(error)));
    }
    // Nearly all are so small that their result need not be measured by itself.
    return text.length * BYTES_PER_CHARACTER <= this.#maxBytes
      ? text
      : toJson(this.sendable(response));
  }

  /** An `application/json` body with the responses to a batch, which together are as one result. */
  batch(responses: readonly JsonRpcResponse[]): Response {
    return this.#respond(this.batchText(responses), { headers: JSON_HEADERS });
  }

  /** The responses to a batch, as JSON; those for which no room is left are errors. */
  batchText(responses: readonly JsonRpcResponse[]): string {
    let left = this.#maxBytes;
    const texts = responses.map((response) => {
      const text = toJson(this.sendable(response, left));
      left -= text.length;
      return text;
    });
    return `[${texts.join(",")}]`;
  }

  /** An event stream with one response, for a client that takes nothing else. */
  event(response: JsonRpcResponse): Response {
    return this.eventStream(jsonEvent(this.text(response)));
  }

  /** An event stream that is complete already. */
  eventStream(text: string): Response {
    return this.#respond(text, { headers: STREAM_HEADERS });
  }

  /** Whether a response surely needs no measurement. */
  #isSmall(response: JsonRpcResponse): boolean {
    if (!("result" in response)) return true;
    const { result } = response;
    return !(result instanceof SerializedResult) && roomAfter(result, this.#smallResult) >= 0;
  }

  #respond(text: string, init: ResponseInit): Response {
    return new Response(text.length > LONG_TEXT ? this.#streams.body(text) : text, init);
  }
}

/** Whether a text takes no more bytes than that; long ones are measured only where it is close. */
function isWithin(text: string, maxBytes: number): boolean {
  if (text.length * BYTES_PER_CHARACTER <= maxBytes) return true;
  return text.length <= maxBytes && new TextEncoder().encode(text).length <= maxBytes;
}

/** The remaining characters after a value; stops once none remain. */
function roomAfter(value: unknown, room: number): number {
  if (typeof value === "string") return room - value.length - QUOTES;
  let left = room - 8;
  if (typeof value !== "object" || value === null) return left;
  // Perf: `for in` makes a text of each index.
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length && left >= 0; index++) {
      left = roomAfter(value[index], left);
    }
    return left;
  }
  for (const key in value) {
    if (left < 0) return left;
    const member = (value as Record<string, unknown>)[key];
    left -= key.length + QUOTES;
    // Most members are texts, which need no call.
    left = typeof member === "string" ? left - member.length : roomAfter(member, left);
  }
  return left;
}

function failed({ id }: JsonRpcResponse, error: ProtocolError): JsonRpcResponse {
  return { ...toErrorResponse(error), id };
}

function tooLarge(characters: number, maxBytes: number): ProtocolError {
  log.warning("Result too large", { characters, max_bytes: maxBytes });
  return new ProtocolError(
    "internal_error",
    `The result is larger than the ${maxBytes} bytes that MCP_MAX_RESULT_BYTES allows; ask for ` +
      "less at a time",
  );
}
