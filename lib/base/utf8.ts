/**
 * So many bytes short texts share. Bytes of their own would be memory outside of V8's heap: to get
 * it and to free it again takes ten times as long as to encode the text.
 */
const POOL_BYTES = 8_192;
/** Longer texts get bytes of their own. */
const MAX_SHARE = POOL_BYTES / 4;
/** A character of UTF-16 takes three bytes of UTF-8 at most. */
const BYTES_PER_CHARACTER = 3;
const ENCODER = new TextEncoder();

let pool = new ArrayBuffer(POOL_BYTES);
let used = 0;

/**
 * Encodes a text that is sent and then forgotten. What is kept for long should have bytes of its
 * own: short texts keep alive up to {@linkcode POOL_BYTES} of others that were encoded with them.
 */
export function utf8(text: string): Uint8Array {
  const most = text.length * BYTES_PER_CHARACTER;
  if (most > MAX_SHARE) return ENCODER.encode(text);
  if (used + most > POOL_BYTES) {
    pool = new ArrayBuffer(POOL_BYTES);
    used = 0;
  }
  const start = used;
  used += ENCODER.encodeInto(text, new Uint8Array(pool, start, most)).written;
  return new Uint8Array(pool, start, used - start);
}
