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
  readonly #key: string | Uint8Array;

  /** @param key a secret, the same on all instances that are to know each other's; else a fresh one */
  constructor(key: string | Uint8Array = crypto.getRandomValues(new Uint8Array(32))) {
    this.#key = key;
  }

  /** The text with its signature behind a dot. `text` must not be secret: it stays readable. */
  sign(purpose: string, text: string): string {
    return `${text}.${this.#mac(purpose, text)}`;
  }

  /** The text that was sealed for this purpose; undefined when it was altered or is another's. */
  verify(purpose: string, sealed: string): string | undefined {
    const dot = sealed.length - MAC_LENGTH - 1;
    if (dot < 0 || sealed[dot] !== ".") return undefined;
    const text = sealed.slice(0, dot);
    const given = ENCODER.encode(sealed.slice(dot + 1));
    const right = ENCODER.encode(this.#mac(purpose, text));
    return given.length === right.length && nodeCrypto().timingSafeEqual(given, right)
      ? text
      : undefined;
  }

  /** A digest that tells nothing of the text to those who lack the key. */
  digest(purpose: string, text: string): string {
    return this.#mac(`${purpose} digest`, text);
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

  #mac(purpose: string, text: string): string {
    const hmac = nodeCrypto().createHmac("sha256", this.#key);
    return hmac.update(purpose).update("\0").update(text).digest("base64url").slice(0, MAC_LENGTH);
  }
}

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder();

function toBase64Url(text: string): string {
  return ENCODER.encode(text).toBase64({ alphabet: "base64url", omitPadding: true });
}

function fromBase64Url(text: string): string {
  return DECODER.decode(Uint8Array.fromBase64(text, { alphabet: "base64url" }));
}
