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
export function readBody(
  request: Request,
  limits: BodyLimits,
  wheel: TimerWheel,
): Promise<string> {
  if (request.body === null) return Promise.resolve("");
  const declared = request.headers.get("content-length");
  if (declared !== null && Number(declared) > limits.maxBodyBytes) {
    throw tooLarge(limits);
  }
  const type = request.headers.get("content-type");
  if (type === null || !isJsonContentType(type)) {
    if (declared === "0") return Promise.resolve("");
    throw new ProtocolError(
      "unsupported_media_type",
      `Unsupported Content-Type ${type === null ? "(none)" : JSON.stringify(type)}: ` +
        "send the JSON-RPC message as application/json in UTF-8",
    );
  }
  const deadline = new BodyDeadline(limits.bodyTimeoutMs);
  wheel.schedule(deadline, limits.bodyTimeoutMs);
  // A body of declared length cannot grow, so the runtime may read it in one go.
  const reading = declared === null ? readCounted(request, limits, deadline) : request.text();
  return deadline.race(reading).finally(() => wheel.cancel(deadline));
}

/** Rejects whoever waits for a body that does not arrive in time. */
class BodyDeadline implements Timed {
  dueAt = 0;
  slot = -1;
  readonly #timeoutMs: number;
  readonly #late = Promise.withResolvers<never>();
  onLate: (() => void) | undefined;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  race(reading: Promise<string>): Promise<string> {
    return Promise.race([
      reading.catch(rethrowAsProtocolError),
      this.#late.promise,
    ]);
  }

  onDue(): void {
    this.onLate?.();
    this.#late.reject(
      new ProtocolError(
        "body_timeout",
        `The body did not arrive within ${this.#timeoutMs} ms (MCP_BODY_TIMEOUT_MS)`,
        { headers: { connection: "close" } },
      ),
    );
  }
}

async function readCounted(
  request: Request,
  limits: BodyLimits,
  deadline: BodyDeadline,
): Promise<string> {
  const reader = request.body!.getReader();
  deadline.onLate = () => void reader.cancel().catch(() => {});
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for (
    let chunk = await reader.read();
    !chunk.done;
    chunk = await reader.read()
  ) {
    bytes += chunk.value.byteLength;
    if (bytes > limits.maxBodyBytes) {
      void reader.cancel().catch(() => {});
      throw tooLarge(limits);
    }
    text += decoder.decode(chunk.value, { stream: true });
  }
  return text + decoder.decode();
}

function rethrowAsProtocolError(error: unknown): never {
  if (error instanceof ProtocolError) throw error;
  throw new ProtocolError(
    "parse_error",
    "The body could not be read to its end",
    { cause: error },
  );
}

function tooLarge({ maxBodyBytes }: BodyLimits): ProtocolError {
  return new ProtocolError(
    "body_too_large",
    `The body is larger than ${maxBodyBytes} bytes (MCP_MAX_BODY_BYTES)`,
    { headers: { connection: "close" } },
  );
}
