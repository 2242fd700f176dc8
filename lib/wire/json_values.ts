const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const BRACKET = 0x5b;
const BRACE = 0x7b;

/**
 * Counts the values of a JSON text while it arrives. Their number costs more time and memory than
 * the length of the text: a thousand bytes can be one text or five hundred lists.
 */
export class JsonValueCount {
  /** Values so far; a text that is no JSON has a number, too. */
  count = 1;
  #isInText = false;
  #isEscaped = false;

  /** @param bytes the next part of the text, in UTF-8 */
  add(bytes: Uint8Array): void {
    let { count } = this;
    let isInText = this.#isInText;
    let isEscaped = this.#isEscaped;
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at];
      if (isInText) {
        if (isEscaped) isEscaped = false;
        else if (byte === BACKSLASH) isEscaped = true;
        else if (byte === QUOTE) isInText = false;
      } else if (byte === QUOTE) isInText = true;
      else if (byte === COMMA || byte === BRACKET || byte === BRACE) count++;
    }
    this.count = count;
    this.#isInText = isInText;
    this.#isEscaped = isEscaped;
  }
}
