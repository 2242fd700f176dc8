/**
 * Signs texts that clients return to the server: session ids, event ids and the state of a multi
 * round-trip request. An altered text is refused. The signature is an HMAC-SHA-256 (RFC 2104) of
 * the purpose and the text, so a text signed for one purpose is refused for another.
 *
 * @module
 */
import { nodeCrypto } from "./node.ts";

/** Characters of the signature, base64url: 128 of the 256 bits, as RFC 2104 section 5 allows. */
const MAC_LENGTH = 22;

/** Signs texts that clients keep for the server; they stay readable. */
export class Signer {
  /** Signs; the others only verify, so that a key can be replaced. */
  readonly #key: Key;
  readonly #keys: readonly Key[];

  /**
   * @param keys secrets, the same on all instances that are to know each other's texts; else a fresh
   * one. The first signs, and what any of them signed is verified
   */
  constructor(...keys: readonly Key[]) {
    const [key = crypto.getRandomValues(new Uint8Array(32))] = keys;
    this.#key = key;
    this.#keys = keys.length === 0 ? [key] : keys;
  }

  /** The text with its signature behind a dot. `text` must not be secret: it stays readable. */
  sign(purpose: string, text: string): string {
    return `${text}.${macOf(this.#key, purpose, text)}`;
  }

  /** The text that was sealed for this purpose; undefined when it was altered or is another's. */
  verify(purpose: string, sealed: string): string | undefined {
    const dot = sealed.length - MAC_LENGTH - 1;
    if (dot < 0 || sealed[dot] !== ".") return undefined;
    const text = sealed.slice(0, dot);
    const given = ENCODER.encode(sealed.slice(dot + 1));
    const isRight = (key: Key) => isSame(given, ENCODER.encode(macOf(key, purpose, text)));
    return this.#keys.some(isRight) ? text : undefined;
  }

  /** A digest that tells nothing of the text to those who lack the key. */
  digest(purpose: string, text: string): string {
    return macOf(this.#key, `${purpose} digest`, text);
  }

  /** Whether a digest is that of a text, under any of the keys. */
  isDigest(digest: string, purpose: string, text: string): boolean {
    return this.#keys.some((key) => macOf(key, `${purpose} digest`, text) === digest);
  }

  /** Seals a JSON value. */
  signJson(purpose: string, value: unknown): string {
    return this.sign(purpose, toBase64Url(JSON.stringify(value)));
  }

  /** The JSON value that was sealed; undefined as with {@linkcode open}. */
  verifyJson(purpose: string, sealed: string): unknown {
    const text = this.verify(purpose, sealed);
    return text === undefined ? undefined : JSON.parse(fromBase64Url(text));
  }
}

type Key = string | Uint8Array;

function macOf(key: Key, purpose: string, text: string): string {
  const hmac = nodeCrypto().createHmac("sha256", key);
  return hmac.update(purpose).update("\0").update(text).digest("base64url").slice(0, MAC_LENGTH);
}

function isSame(given: Uint8Array, right: Uint8Array): boolean {
  return given.length === right.length && nodeCrypto().timingSafeEqual(given, right);
}

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder();

function toBase64Url(text: string): string {
  return ENCODER.encode(text).toBase64({ alphabet: "base64url", omitPadding: true });
}

function fromBase64Url(text: string): string {
  return DECODER.decode(Uint8Array.fromBase64(text, { alphabet: "base64url" }));
}
