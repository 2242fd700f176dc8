/**
 * Server-Sent Events from text chunks (HTML Living Standard, section 9.2.6). `EventSource` cannot
 * POST, so the page reads the response body and parses it here.
 *
 * @module
 */

/** @typedef {{ event: string, data: string, id: string }} SseEvent */

/** Most characters of one event, so that a line that never ends does not fill the memory. */
const MAX_EVENT_CHARS = 64 * 1024 * 1024;

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
  /** Characters in `#data`. */
  #dataChars = 0;
  #maxChars;

  /**
   * @param {(event: SseEvent) => void} onEvent
   * @param {(comment: string) => void} [onComment]
   * @param {{ maxEventChars?: number }} [limits] most characters of one event, finished or not
   */
  constructor(onEvent, onComment = () => {}, { maxEventChars = MAX_EVENT_CHARS } = {}) {
    this.#onEvent = onEvent;
    this.#onComment = onComment;
    this.#maxChars = maxEventChars;
  }

  /**
   * Takes the next chunk, which may end anywhere. An event that is unfinished at the stream's end
   * is dropped, as the standard requires.
   *
   * @param {string} chunk
   * @throws {RangeError} for an event that is longer than the limit
   */
  feed(chunk) {
    let text = chunk;
    if (text === "") return;
    if (this.#isStart) {
      this.#isStart = false;
      if (text.startsWith("\ufeff")) text = text.slice(1);
    }
    // A chunk may end between CR and LF; that LF does not end another line.
    if (this.#isAfterCr && text.startsWith("\n")) text = text.slice(1);
    this.#isAfterCr = chunk.endsWith("\r");
    const lines = text.split(/\r\n|\n|\r/);
    lines[0] = this.#rest + lines[0];
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#parseLine(line);
    this.#checkSize(this.#rest.length);
  }

  /** @param {string} line */
  #parseLine(line) {
    if (line === "") return this.#dispatch();
    const colon = line.indexOf(":");
    if (colon === 0) return this.#onComment(line.slice(1).replace(/^ /, ""));
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") this.#addData(value);
    else if (field === "event") this.#event = value;
    else if (field === "id" && !value.includes("\0")) this.#id = value;
  }

  /** @param {string} value */
  #addData(value) {
    this.#data.push(value);
    // An empty line takes room as well.
    this.#dataChars += value.length + 1;
    this.#checkSize(0);
  }

  /** @param {number} unfinished characters of the line that has not ended */
  #checkSize(unfinished) {
    if (this.#dataChars + unfinished <= this.#maxChars) return;
    throw new RangeError(`An event is longer than ${this.#maxChars} characters`);
  }

  #dispatch() {
    const event = this.#event || "message";
    const data = this.#data;
    this.#event = "";
    this.#data = [];
    this.#dataChars = 0;
    if (data.length > 0) this.#onEvent({ event, data: data.join("\n"), id: this.#id });
  }
}
