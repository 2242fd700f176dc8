/**
 * Reading a request's body: the right type, not too large, not too slow.
 *
 * @module
 */
import { ProtocolError } from "../base/errors.ts";
import type { Timed, TimerWheel } from "../base/timer_wheel.ts";
import { isJsonContentType } from "../wire/media_types.ts";

/** See the settings of the same names. */
export interface BodyLimits {
  readonly maxBodyBytes: number;
  readonly bodyTimeoutMs: number;
}

/**
 * The body as text; empty where there is none.
 *
 * @throws {ProtocolError} `unsupported_media_type`, `body_too_large` (before it is read whole),
 * `body_timeout` or `parse_error`
 */
export function readBody(request: Request, limits: BodyLimits, wheel: TimerWheel): Promise<string> {
  const { headers } = request;
  const declared = headers.get("content-length");
  // Looking at `body` makes a stream of it, which costs more than all the rest of a quick call.
  if (declared === "0" || (declared === null && request.body === null)) return Promise.resolve("");
  if (declared !== null && Number(declared) > limits.maxBodyBytes) throw tooLarge(limits);
  const type = headers.get("content-type");
  if (type === null || !isJsonContentType(type)) {
    throw new ProtocolError(
      "unsupported_media_type",
      `Unsupported Content-Type ${type === null ? "(none)" : JSON.stringify(type)}: ` +
        "send the JSON-RPC message as application/json in UTF-8",
    );
  }
  const reading = new BodyReading(limits.bodyTimeoutMs, wheel);
  // A body of declared length cannot grow, so the runtime may read it in one go.
  reading.follow(declared === null ? readCounted(request.body!, limits, reading) : request.text());
  return reading.text;
}

/** A body on its way, for as long as it may take. */
class BodyReading implements Timed {
  dueAt = 0;
  slot = -1;
  onLate: (() => void) | undefined;
  readonly #timeoutMs: number;
  readonly #wheel: TimerWheel;
  readonly #settled = Promise.withResolvers<string>();

  constructor(timeoutMs: number, wheel: TimerWheel) {
    this.#timeoutMs = timeoutMs;
    this.#wheel = wheel;
    wheel.schedule(this, timeoutMs);
  }

  get text(): Promise<string> {
    return this.#settled.promise;
  }

  follow(reading: Promise<string>): void {
    reading.then((text) => {
      this.#wheel.cancel(this);
      this.#settled.resolve(text);
    }, (error) => {
      this.#wheel.cancel(this);
      this.#settled.reject(asProtocolError(error));
    });
  }

  onDue(): void {
    this.onLate?.();
    this.#settled.reject(
      new ProtocolError(
        "body_timeout",
        `The body did not arrive within ${this.#timeoutMs} ms (MCP_BODY_TIMEOUT_MS)`,
        { headers: { connection: "close" } },
      ),
    );
  }
}

async function readCounted(
  body: ReadableStream<Uint8Array>,
  limits: BodyLimits,
  reading: BodyReading,
): Promise<string> {
  const reader = body.getReader();
  reading.onLate = () => void reader.cancel().catch(() => {});
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
    bytes += chunk.value.byteLength;
    if (bytes > limits.maxBodyBytes) {
      void reader.cancel().catch(() => {});
      throw tooLarge(limits);
    }
    text += decoder.decode(chunk.value, { stream: true });
  }
  return text + decoder.decode();
}

function asProtocolError(error: unknown): ProtocolError {
  if (error instanceof ProtocolError) return error;
  return new ProtocolError("parse_error", "The body could not be read to its end", {
    cause: error,
  });
}

function tooLarge({ maxBodyBytes }: BodyLimits): ProtocolError {
  return new ProtocolError(
    "body_too_large",
    `The body is larger than ${maxBodyBytes} bytes (MCP_MAX_BODY_BYTES)`,
    { headers: { connection: "close" } },
  );
}
