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

/**
 * The name of a stream for the ledger, the log and traces: the beginning of its id. Anybody who
 * knows a whole id can use the stream; the omitted digits cannot be guessed.
 */
export function shortId(id: string): string {
  return id.slice(0, SHORT_LENGTH);
}

/**
 * `mcp_sse_` and 13 of 32 digits: enough to tell streams apart. The rest is too long to guess, also if
 * it ends with the name of an instance.
 */
const SHORT_LENGTH = 21;
/** Begins the ids of connections. */
export const CONNECTION_PREFIX = "mcp_sse_";

const ID_BYTES = 16;
/** Randomness for many ids, as asking for it costs more than an id. No byte is used twice. */
const POOL = new Uint8Array(256 * ID_BYTES);
let used = POOL.length;
