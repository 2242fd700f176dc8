/**
 * Server-Sent Events from text chunks (HTML Living Standard, section 9.2.6). `EventSource` cannot
 * POST, so the page reads the response body and parses it here.
 *
 * @module
 */

/** @typedef {{ event: string, data: string, id: string }} SseEvent */

export class SseParser {
  #onEvent;
  #onComment;
  #rest = "";
  #isStart = true;
  #isAfterCr = false;
  #event = "";
  #id = "";
  /** @type {string[]} */
  #data = [];

  /**
   * @param {(event: SseEvent) => void} onEvent
   * @param {(comment: string) => void} [onComment]
   */
  constructor(onEvent, onComment = () => {}) {
    this.#onEvent = onEvent;
    this.#onComment = onComment;
  }

  /**
   * Takes the next chunk, wherever it was cut. An event that the stream's end leaves unfinished is
   * dropped, as the standard asks.
   *
   * @param {string} chunk
   */
  feed(chunk) {
    let text = chunk;
    if (text === "") return;
    if (this.#isStart) {
      this.#isStart = false;
      if (text.startsWith("\ufeff")) text = text.slice(1);
    }
    // A CRLF may be cut in the middle: its LF then ends no second line.
    if (this.#isAfterCr && text.startsWith("\n")) text = text.slice(1);
    this.#isAfterCr = chunk.endsWith("\r");
    const lines = text.split(/\r\n|\n|\r/);
    lines[0] = this.#rest + lines[0];
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#takeLine(line);
  }

  /** @param {string} line */
  #takeLine(line) {
    if (line === "") return this.#dispatch();
    const colon = line.indexOf(":");
    if (colon === 0) return this.#onComment(line.slice(1).replace(/^ /, ""));
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") this.#data.push(value);
    else if (field === "event") this.#event = value;
    else if (field === "id" && !value.includes("\0")) this.#id = value;
  }

  #dispatch() {
    const event = this.#event || "message";
    const data = this.#data;
    this.#event = "";
    this.#data = [];
    if (data.length > 0) this.#onEvent({ event, data: data.join("\n"), id: this.#id });
  }
}
