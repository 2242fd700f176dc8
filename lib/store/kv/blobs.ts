import { randomId } from "../../base/ids.ts";
import { committed, type Kv, type KvKey } from "./kv.ts";

/** Bytes in a value, or the place of their parts. */
export type Blob = Uint8Array | { readonly id: string; readonly parts: number };

/** Longer bytes are kept in parts, so that a commit may hold several values (bytes). */
const MAX_INLINE = 16_384;
/** Size of a part (bytes); a value of Deno KV has at most 65,536. */
const PART = 60_000;
/** Parts of one commit, which has at most 819,200 bytes, and keys of one read. */
const PARTS_PER_COMMIT = 10;

/** Bytes of any length in Deno KV, where a value is bounded. */
export class Blobs {
  readonly #kv: Kv;
  readonly #prefix: string;

  constructor(kv: Kv, prefix: string) {
    this.#kv = kv;
    this.#prefix = prefix;
  }

  /**
   * Stores bytes.
   *
   * @param lifeMs time after which the parts may be dropped (ms)
   * @returns the reference to the bytes, for the value that owns them
   */
  async write(bytes: Uint8Array, lifeMs: number): Promise<Blob> {
    // A copy, because a value may not share the memory of a larger buffer.
    if (bytes.byteLength <= MAX_INLINE) return bytes.slice();
    const blob = { id: randomId(""), parts: Math.ceil(bytes.byteLength / PART) };
    for (let from = 0; from < blob.parts; from += PARTS_PER_COMMIT) {
      await committed(() => {
        const commit = this.#kv.atomic();
        for (let n = from; n < Math.min(from + PARTS_PER_COMMIT, blob.parts); n++) {
          const part = bytes.slice(n * PART, (n + 1) * PART);
          commit.set(this.#keyOf(blob.id, n), part, { expireIn: lifeMs });
        }
        return Promise.resolve({ commit, result: undefined });
      });
    }
    return blob;
  }

  /** Reads bytes; undefined if a part is gone, or the value is not a blob. */
  async read(blob: unknown): Promise<Uint8Array | undefined> {
    if (blob instanceof Uint8Array) return blob;
    const { id, parts } = (blob ?? {}) as { readonly id?: unknown; readonly parts?: unknown };
    if (typeof id !== "string" || !Number.isInteger(parts)) return undefined;
    const read: Uint8Array[] = [];
    for (let from = 0; from < Number(parts); from += PARTS_PER_COMMIT) {
      const length = Math.min(PARTS_PER_COMMIT, Number(parts) - from);
      const keys = Array.from({ length }, (_, n) => this.#keyOf(id, from + n));
      for (const { value } of await this.#kv.getMany(keys)) {
        if (!(value instanceof Uint8Array)) return undefined;
        read.push(value);
      }
    }
    return joined(read);
  }

  /** Drops the parts of bytes. */
  async drop(blob: unknown): Promise<void> {
    if (blob instanceof Uint8Array) return;
    const { id, parts } = (blob ?? {}) as { readonly id?: unknown; readonly parts?: unknown };
    if (typeof id !== "string" || !Number.isInteger(parts)) return;
    await committed(() => {
      const commit = this.#kv.atomic();
      for (let n = 0; n < Number(parts); n++) commit.delete(this.#keyOf(id, n));
      return Promise.resolve({ commit, result: undefined });
    });
  }

  #keyOf(id: string, part: number): KvKey {
    return [this.#prefix, "part", id, part];
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}
