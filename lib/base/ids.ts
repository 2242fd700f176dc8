/**
 * A fresh identifier: the prefix and 32 hexadecimal digits of randomness (128 bits).
 *
 * @param prefix the kind of the id, for example `mcp_sse_`
 */
export function randomId(prefix: string): string {
  if (used === POOL.length) {
    crypto.getRandomValues(POOL);
    used = 0;
  }
  return prefix + POOL.subarray(used, used += ID_BYTES).toHex();
}

const ID_BYTES = 16;
/** Randomness for many ids, as asking for it costs more than an id. No byte is used twice. */
const POOL = new Uint8Array(256 * ID_BYTES);
let used = POOL.length;
