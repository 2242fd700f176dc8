const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const BRACKET = 0x5b;
const BRACE = 0x7b;
/** Bytes of a text between two searches for its end: a search costs as much as many bytes. */
const LOOK_AHEAD = 64;

/**
 * Counts the values of a JSON text while it arrives. Their number costs more time and memory than
 * the length of the text: a thousand bytes can be one text or five hundred lists.
 */
export class JsonValueCount {
  /** Values so far; a text that is not JSON has a number, too. */
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
        else if (at % LOOK_AHEAD === 0) {
          // Perf: most bytes of a large body are in long texts, in which `indexOf()` is faster.
          const quote = bytes.indexOf(QUOTE, at);
          const end = quote < 0 ? bytes.length : quote;
          isEscaped = endsEscaped(bytes, at, end);
          at = end - 1;
        }
      } else if (byte === QUOTE) isInText = true;
      else if (byte === COMMA || byte === BRACKET || byte === BRACE) count++;
    }
    this.count = count;
    this.#isInText = isInText;
    this.#isEscaped = isEscaped;
  }
}

/** Whether an odd number of backslashes stands at the end of `bytes` from `start` to `end`. */
function endsEscaped(bytes: Uint8Array, start: number, end: number): boolean {
  let at = end;
  while (at > start && bytes[at - 1] === BACKSLASH) at--;
  return (end - at) % 2 === 1;
}
