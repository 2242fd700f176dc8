import { nodeCrypto } from "../base/node.ts";
import type { StaticKey } from "./static_keys.ts";

/** A new key, and what to write down of it. */
export interface NewKey {
  /** For the client; it can be had nowhere else. */
  readonly key: string;
  /** For the file of keys. */
  readonly entry: StaticKey;
}

/** The rights of a key, and its expiry. */
export type KeyRights = Pick<StaticKey, "scopes" | "expires">;

/** Bytes of randomness of a key. */
const KEY_BYTES = 32;

/**
 * Makes a static key. Its prefix lets secret scanners recognize a leaked key.
 *
 * @param name of the caller
 */
export function makeKey(name: string, rights: KeyRights = {}): NewKey {
  const { createHash, randomBytes } = nodeCrypto();
  const key = `lifeline_${randomBytes(KEY_BYTES).toString("base64url")}`;
  const sha256 = createHash("sha256").update(key).digest("hex");
  return { key, entry: { name, sha256, ...rights } };
}
