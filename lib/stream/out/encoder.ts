/**
 * Texts as bytes, for the outbox alone: short texts share a buffer, so the bytes of one keep those of
 * others in memory.
 *
 * @module
 */

/** A text to encode, or bytes that exist anyway, such as those of the event store. */
export type Frame = string | Uint8Array;

/**
 * Size of the buffer that short texts share. Memory outside of V8's heap takes longer to get and to
 * free than a short text to encode. Perf: shared bytes.
 */
const POOL_BYTES = 8_192;
/** Longer texts get bytes of their own. */
const MAX_SHARE = POOL_BYTES / 4;
/** A character of UTF-16 takes three bytes of UTF-8 at most. */
const BYTES_PER_CHARACTER = 3;
const ENCODER = new TextEncoder();

let pool = new ArrayBuffer(POOL_BYTES);
let used = 0;
let lastText = "";
let lastBytes = new Uint8Array();

/** Encodes a text that is sent and then forgotten. */
export function encodeShared(text: string): Uint8Array {
  // Keepalives of streams that ping together are one text.
  if (text === lastText) return lastBytes;
  const most = text.length * BYTES_PER_CHARACTER;
  if (most > MAX_SHARE) return ENCODER.encode(text);
  if (used + most > POOL_BYTES) {
    pool = new ArrayBuffer(POOL_BYTES);
    used = 0;
  }
  const start = used;
  used += ENCODER.encodeInto(text, new Uint8Array(pool, start, most)).written;
  lastText = text;
  return lastBytes = new Uint8Array(pool, start, used - start);
}

/** Encodes a text that may wait for long: its bytes keep no others alive. */
export function encodeOwn(text: string): Uint8Array {
  return ENCODER.encode(text);
}

/**
 * A long frame in pieces of `length` characters or bytes, or one more. Each piece of a text has its
 * own bytes, so that they can be freed once they were sent.
 */
export function* piecesOf(frame: Frame, length: number): Generator<Uint8Array> {
  let end = 0;
  for (let start = 0; start < frame.length; start = end) {
    end = start + length;
    if (typeof frame !== "string") {
      yield frame.subarray(start, end);
      continue;
    }
    // A pair of surrogates is one character.
    if (isLeadSurrogate(frame.charCodeAt(end - 1))) end++;
    yield ENCODER.encode(frame.slice(start, end));
  }
}

function isLeadSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}
