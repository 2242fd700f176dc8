/**
 * The keys that an issuer signs with: fetched when first needed, kept, and fetched again when they
 * are old or a token names one that is not among them.
 *
 * @module
 */
import { createLocalJWKSet, importJWK, type JWK, type JWTVerifyGetKey } from "jose";
import { messageOf } from "../base/errors.ts";
import { logFor } from "../base/log.ts";
import { unavailable } from "./auth_failure.ts";
import { discover, type IssuerDocument } from "./discovery.ts";
import type { Provider } from "./provider.ts";

/** Age from which keys are fetched again, while they still serve (ms). */
const FRESH_MS = 600_000;
/** Age up to which keys serve while the provider does not answer (ms). */
const STALE_MS = 86_400_000;
/** Age at which the document is read again, because the keys may have moved (ms). */
const DOCUMENT_MS = 3_600_000;
/**
 * Minimum time between two fetches (ms). Anybody can send tokens that name unknown keys, so the
 * number of fetches must be bounded.
 */
const REFETCH_MS = 30_000;
/** The same after a fetch that failed. */
const RETRY_MS = 5_000;
/** Maximum number of keys that are read from a set. */
const MAX_KEYS = 100;

const log = logFor("auth");

/** A set of keys, ready to verify with. */
interface KeySet {
  readonly getKey: JWTVerifyGetKey;
  readonly fetchedAt: number;
}

/** The public keys of one issuer, fetched when a token needs one and kept for a while. */
export class IssuerKeys {
  readonly issuer: string;
  readonly #provider: Provider;
  readonly #now: () => number;
  #document: { readonly value: IssuerDocument; readonly readAt: number } | undefined;
  #keys: KeySet | undefined;
  /** When the last fetch ended, and whether it gave keys. */
  #lastFetch = { at: -Infinity, succeeded: true };
  #fetching: Promise<void> | undefined;
  #lastError: unknown;

  /** @param now ms since the Unix epoch */
  constructor(issuer: string, provider: Provider, now: () => number) {
    this.issuer = issuer;
    this.#provider = provider;
    this.#now = now;
  }

  /**
   * The current keys.
   *
   * @throws {AuthFailure} `unavailable` if no keys are known and none can be fetched
   */
  async current(): Promise<JWTVerifyGetKey> {
    const age = this.#keys === undefined ? Infinity : this.#now() - this.#keys.fetchedAt;
    if (age > FRESH_MS) {
      const fetching = this.#fetch();
      // Old keys serve meanwhile; a provider that is down must not lock out those it has signed for.
      if (age > STALE_MS) await fetching;
    }
    if (this.#keys !== undefined && this.#now() - this.#keys.fetchedAt <= STALE_MS) {
      return this.#keys.getKey;
    }
    throw unavailable(
      "The keys of the token's issuer cannot be fetched now; try again later",
      this.#lastError,
      RETRY_MS,
    );
  }

  /**
   * Fetches the keys again, if enough time has passed, because a token does not match the known
   * keys.
   *
   * @returns the keys, or undefined if there are no newer ones
   * @throws {AuthFailure} `unavailable` when the provider does not answer: the key may be a new one
   */
  async refetched(known: JWTVerifyGetKey): Promise<JWTVerifyGetKey | undefined> {
    await this.#fetch();
    if (!this.#lastFetch.succeeded) {
      throw unavailable(
        "The token is signed with a key that is not known, and its issuer cannot be asked now",
        this.#lastError,
        RETRY_MS,
      );
    }
    return this.#keys === undefined || this.#keys.getKey === known ? undefined : this.#keys.getKey;
  }

  /** The issuer's document, for those who mirror it. */
  async document(): Promise<IssuerDocument> {
    const isOld = this.#document === undefined ||
      this.#now() - this.#document.readAt > DOCUMENT_MS;
    if (isOld) await this.#fetch();
    if (this.#document !== undefined) return this.#document.value;
    throw unavailable(`The document of ${this.issuer} cannot be read now`, this.#lastError);
  }

  /** Fetches once for all who ask meanwhile; never rejects. */
  #fetch(): Promise<void> {
    const { at, succeeded } = this.#lastFetch;
    const isTooSoon = this.#now() - at < (succeeded ? REFETCH_MS : RETRY_MS);
    if (isTooSoon && this.#fetching === undefined) return Promise.resolve();
    this.#fetching ??= this.#load().then(
      () => this.#settle(true),
      (error) => this.#settle(false, error),
    );
    return this.#fetching;
  }

  #settle(succeeded: boolean, error?: unknown): void {
    this.#fetching = undefined;
    this.#lastFetch = { at: this.#now(), succeeded };
    this.#lastError = error;
    if (succeeded) return;
    // A document that was right before may name a place that is gone.
    this.#document = undefined;
    log.warning("Keys of an issuer cannot be fetched", {
      issuer: this.issuer,
      has_old_keys: this.#keys !== undefined,
      error: messageOf(error),
    });
  }

  async #load(): Promise<void> {
    if (this.#document === undefined || this.#now() - this.#document.readAt > DOCUMENT_MS) {
      const value = await discover(this.#provider, this.issuer);
      this.#document = { value, readAt: this.#now() };
    }
    const { keys } = await this.#provider.json(this.#document.value.jwks_uri);
    if (!Array.isArray(keys)) throw new Error("the set of keys has no list of keys");
    const usable = await usableKeys(keys.slice(0, MAX_KEYS));
    if (usable.length < keys.length) {
      log.debug("Keys of an issuer left out", {
        issuer: this.issuer,
        usable: usable.length,
        given: keys.length,
      });
    }
    if (usable.length === 0) throw new Error("none of the keys can be used");
    this.#keys = { getKey: createLocalJWKSet({ keys: usable }), fetchedAt: this.#now() };
  }
}

/** Those that can be imported, so that one that cannot does not spoil the others. */
async function usableKeys(keys: readonly unknown[]): Promise<JWK[]> {
  const checked = await Promise.all(keys.map(async (key) => {
    try {
      const jwk = key as JWK;
      const algorithm = jwk.alg ?? ALGORITHM_OF[jwk.crv ?? jwk.kty ?? ""];
      const imported = await importJWK(jwk, algorithm);
      // Anybody can read a symmetric key in a public set, and a private key there is a mistake of
      // its owner.
      return imported instanceof CryptoKey && imported.type === "public" ? jwk : undefined;
    } catch {
      return undefined;
    }
  }));
  return checked.filter((key) => key !== undefined);
}

/** An algorithm that a key without `alg` can be imported for, by its curve or type. */
const ALGORITHM_OF: Readonly<Record<string, string>> = {
  RSA: "RS256",
  "P-256": "ES256",
  "P-384": "ES384",
  "P-521": "ES512",
  Ed25519: "EdDSA",
};
