const DECODER = new TextDecoder();
/** Room for the first bytes of a body: it may declare what never comes. */
const FIRST_BYTES = 65_536;

/**
 * The bytes of one body. As text, or as a list of chunks, they would stay in V8's heap until it
 * collects, which an idle server does late; these are given back when they are freed.
 */
export class BodyBytes {
  readonly #declared: number;
  #bytes = new Uint8Array();
  #length = 0;

  /** @param declared length of the body in bytes; 0 if it is unknown */
  constructor(declared: number) {
    this.#declared = declared;
  }

  /** How many there are. */
  get length(): number {
    return this.#length;
  }

  add(chunk: Uint8Array): void {
    const end = this.#length + chunk.byteLength;
    if (end > this.#bytes.byteLength) this.#grow(end);
    this.#bytes.set(chunk, this.#length);
    this.#length = end;
  }

  /** All of them as text, which frees them; "" if they were freed before. */
  takeText(): string {
    const text = DECODER.decode(this.#bytes.subarray(0, this.#length));
    this.free();
    return text;
  }

  free(): void {
    this.#length = 0;
    this.#bytes.buffer.transfer(0);
    this.#bytes = new Uint8Array();
  }

  #grow(needed: number): void {
    const room = Math.max(FIRST_BYTES, 2 * this.#bytes.byteLength);
    const most = this.#declared === 0 ? Infinity : this.#declared;
    const more = new Uint8Array(Math.max(needed, Math.min(room, most)));
    more.set(this.#bytes.subarray(0, this.#length));
    this.#bytes.buffer.transfer(0);
    this.#bytes = more;
  }
}
