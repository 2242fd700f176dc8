/**
 * Protects texts that clients return to the server. Event ids are signed: HMAC-SHA-256 (RFC 2104) of
 * the purpose and the text. Session ids and the state of a multi round-trip request are sealed:
 * AES-256-GCM (NIST SP 800-38D), so that only the server can read them. An altered text is refused,
 * and so is one made for another purpose.
 *
 * @module
 */
import { nodeCrypto } from "./node.ts";

/** Characters of the signature, base64url: 128 of the 256 bits, as RFC 2104 section 5 allows. */
const MAC_LENGTH = 22;

/** Signs texts that clients keep for the server, which stay readable, and seals values. */
export class Signer {
  /** Signs and seals; the others only read, so that a key can be replaced. */
  readonly #key: Key;
  readonly #keys: readonly Key[];
  /** Signing and sealing have keys of their own; derived at the first use. */
  #derived: readonly [Uint8Array, ...Uint8Array[]] | undefined;

  /**
   * @param keys secrets, the same on all instances that are to know each other's texts; else a fresh
   * one. The first signs and seals, and what any of them made is accepted
   */
  constructor(...keys: readonly Key[]) {
    const [key = crypto.getRandomValues(new Uint8Array(32))] = keys;
    this.#key = key;
    this.#keys = keys.length === 0 ? [key] : keys;
  }

  /** A signer with keys of its own: what one of the two has signed, the other refuses. */
  derive(name: string): Signer {
    const derived = (key: Key) =>
      nodeCrypto().createHmac("sha256", key).update(`derive ${name}`).digest();
    return new Signer(...this.#keys.map(derived));
  }

  /** The text with its signature behind a dot. `text` must not be secret: it stays readable. */
  sign(purpose: string, text: string): string {
    return `${text}.${macOf(this.#key, purpose, text)}`;
  }

  /** The text that was signed for this purpose; undefined when it was altered or is another's. */
  verify(purpose: string, signed: string): string | undefined {
    const dot = signed.length - MAC_LENGTH - 1;
    if (dot < 0 || signed[dot] !== ".") return undefined;
    const text = signed.slice(0, dot);
    const given = ENCODER.encode(signed.slice(dot + 1));
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

  /** The JSON value as a text that only those who have the key can read. */
  sealJson(purpose: string, value: unknown): string {
    const iv = crypto.getRandomValues(new Uint8Array(IV_LENGTH));
    const cipher = nodeCrypto().createCipheriv(CIPHER, this.#sealingKeys[0], iv);
    cipher.setAAD(ENCODER.encode(purpose));
    const content = [cipher.update(JSON.stringify(value), "utf8"), cipher.final()];
    return toBase64Url(joined([iv, cipher.getAuthTag(), ...content]));
  }

  /** The JSON value that was sealed for this purpose; undefined as with {@linkcode verify}. */
  openJson(purpose: string, sealed: string): unknown {
    const bytes = fromBase64Url(sealed);
    if (bytes === undefined || bytes.length < IV_LENGTH + TAG_LENGTH) return undefined;
    for (const key of this.#sealingKeys) {
      const text = textIn(bytes, key, purpose);
      if (text !== undefined) return JSON.parse(text);
    }
    return undefined;
  }

  get #sealingKeys(): readonly [Uint8Array, ...Uint8Array[]] {
    const [, ...others] = this.#keys;
    return this.#derived ??= [sealingKeyOf(this.#key), ...others.map(sealingKeyOf)];
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

const BASE64_URL = { alphabet: "base64url", omitPadding: true } as const;
const CIPHER = "aes-256-gcm";
const IV_LENGTH = 12;
const TAG_LENGTH = 16;

/** The text that was sealed with a key; undefined when that was another, or the text was altered. */
function textIn(bytes: Uint8Array, key: Uint8Array, purpose: string): string | undefined {
  const iv = bytes.subarray(0, IV_LENGTH);
  const decipher = nodeCrypto().createDecipheriv(CIPHER, key, iv);
  decipher.setAAD(ENCODER.encode(purpose));
  decipher.setAuthTag(bytes.subarray(IV_LENGTH, IV_LENGTH + TAG_LENGTH));
  try {
    const parts = [decipher.update(bytes.subarray(IV_LENGTH + TAG_LENGTH)), decipher.final()];
    return DECODER.decode(joined(parts));
  } catch {
    return undefined;
  }
}

function sealingKeyOf(key: Key): Uint8Array {
  return nodeCrypto().createHmac("sha256", key).update("sealing key").digest();
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function toBase64Url(bytes: Uint8Array): string {
  return bytes.toBase64(BASE64_URL);
}

/** Undefined for what {@linkcode toBase64Url} never writes: a session must have one id alone. */
function fromBase64Url(text: string): Uint8Array | undefined {
  try {
    const bytes = Uint8Array.fromBase64(text, BASE64_URL);
    return toBase64Url(bytes) === text ? bytes : undefined;
  } catch {
    return undefined;
  }
}
