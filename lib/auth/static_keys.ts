/**
 * Keys that the operator hands out, for clients that can send a fixed header and no more.
 *
 * @module
 */
import * as z from "zod";
import { ConfigError } from "../base/errors.ts";
import { nodeCrypto, sha256 } from "../base/node.ts";
import { AuthFailure } from "./auth_failure.ts";
import type { Credential } from "./credential.ts";
import { type KnownCaller, principalOf } from "./identity.ts";
import { isScope } from "./scopes.ts";
import type { Recognized, Way } from "./way.ts";

/**
 * A key in the file. Several keys with one name belong to one caller, so that keys can be rotated.
 */
export interface StaticKey {
  readonly name: string;
  /** The SHA-256 of the key, in hexadecimal. */
  readonly sha256?: string | undefined;
  /** The key itself; prefer its hash. */
  readonly key?: string | undefined;
  readonly scopes?: readonly string[] | undefined;
  /** When the key ends, in ISO 8601, such as `2027-01-31` or `2027-01-31T12:00:00Z`. */
  readonly expires?: string | undefined;
}

/** The issuer of all static keys. */
const KEY_ISSUER = "urn:lifeline:key";
const MAX_KEYS = 1_000;

const ENTRY = z.strictObject({
  name: z.string().min(1).max(100),
  sha256: z.string().regex(/^[\da-f]{64}$/i, "64 hexadecimal digits").optional(),
  key: z.string().min(16, "at least 16 characters").optional(),
  scopes: z.array(z.string().refine(isScope, "a scope has no blanks and no quotes")).optional(),
  expires: z.string().refine((text) => !Number.isNaN(Date.parse(text)), "a date in ISO 8601")
    .optional(),
}).refine(
  ({ sha256, key }) => (sha256 === undefined) !== (key === undefined),
  "either sha256 or key",
);
const FILE = z.array(ENTRY).max(MAX_KEYS);

interface Entry {
  readonly hash: Uint8Array;
  readonly identity: KnownCaller;
}

/** The static keys; they may be replaced while the server runs. */
export class StaticKeys implements Way {
  readonly takesKeys = true;
  readonly isShareable = true;
  readonly #now: () => number;
  #entries: readonly Entry[] = [];
  #onChange: ((removed: readonly string[]) => void) | undefined;

  /** @param now ms since the Unix epoch */
  constructor(keys: readonly StaticKey[] = [], now: () => number = Date.now) {
    this.#now = now;
    this.replace(keys);
  }

  /** How many keys there are. */
  get size(): number {
    return this.#entries.length;
  }

  /**
   * Takes other keys in place of all those before.
   *
   * @throws {ConfigError} naming each fault; the keys before stay in force then
   */
  replace(keys: readonly StaticKey[]): void {
    // Perf: compiling the schema takes longer than its one or two uses.
    const parsed = FILE.safeParse(keys, { jitless: true });
    if (!parsed.success) {
      const faults = parsed.error.issues.map(({ path, message }) =>
        `${path.length === 0 ? "the list" : `entry ${path.join(".")}`}: expected ${message}`
      );
      throw new ConfigError(["Static keys cannot be used:", ...faults].join("\n  "));
    }
    const before = new Set(this.#entries.map(({ identity }) => identity.principal));
    this.#entries = parsed.data.map(toEntry);
    for (const { identity } of this.#entries) before.delete(identity.principal);
    this.#onChange?.([...before]);
  }

  /** @param listener gets the principals that have lost their last key */
  onChange(listener: (removed: readonly string[]) => void): void {
    this.#onChange = listener;
  }

  verify({ token }: Credential): Recognized | AuthFailure {
    const hash = sha256(token);
    const { timingSafeEqual } = nodeCrypto();
    const now = this.#now();
    let hasExpired = false;
    let found: KnownCaller | undefined;
    // All are compared, so that the time does not reveal the place of a key.
    for (const { hash: known, identity } of this.#entries) {
      if (!timingSafeEqual(hash, known)) continue;
      if (identity.expiresAt !== undefined && identity.expiresAt <= now) hasExpired = true;
      else found = identity;
    }
    if (found !== undefined) return { identity: found, keepMs: Infinity };
    if (hasExpired) return new AuthFailure("expired", "The key has expired");
    return new AuthFailure("unknown", "The key is not known", { isForeign: true });
  }
}

/**
 * The keys of a file.
 *
 * @param text JSON: a list of entries
 * @throws {ConfigError} when it is not JSON
 */
export function parseKeys(text: string): readonly StaticKey[] {
  try {
    return JSON.parse(text) as readonly StaticKey[];
  } catch {
    // The parser's own message would quote the file, which may hold keys.
    throw new ConfigError("The file of keys is not JSON");
  }
}

function toEntry({ name, sha256: hex, key, scopes, expires }: StaticKey): Entry {
  return {
    hash: hex === undefined ? sha256(key ?? "") : hexBytes(hex),
    identity: {
      principal: principalOf(KEY_ISSUER, name),
      issuer: KEY_ISSUER,
      subject: name,
      clientId: undefined,
      scopes: scopes ?? [],
      claims: {},
      expiresAt: expires === undefined ? undefined : Date.parse(expires),
      way: "key",
    },
  };
}

function hexBytes(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
