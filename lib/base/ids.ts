/**
 * A fresh identifier: the prefix and 32 hexadecimal digits of randomness (128 bits).
 *
 * @param prefix what the id names, for example `mcp_sse_`
 */
export function randomId(prefix: string): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  let id = prefix;
  for (const byte of bytes) id += HEX[byte];
  return id;
}

const HEX = Array.from(
  { length: 256 },
  (_, byte) => byte.toString(16).padStart(2, "0"),
);
