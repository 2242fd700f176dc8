/**
 * The first bytes of a stream that has taken its socket from `node:http`.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { STATUS_CODES } from "node:http";

const CRLF = "\r\n";
const CRLF_BYTES = Buffer.from(CRLF);
let lastHeadText = "";
let lastHead: Uint8Array = CRLF_BYTES;
let lastSecond = NaN;
let lastDate = "";

/**
 * A response whose end the connection's end announces (RFC 9112, 9.6), with what came before its head
 * as one chunk (7.1). All of it is one write, because each is a system call and wakes the client.
 */
export function opening(response: Response, early: readonly Uint8Array[]): Uint8Array {
  const head = encodedHead(response);
  const size = early.reduce((sum, { byteLength }) => sum + byteLength, 0);
  // A chunk of no bytes would be the last one.
  if (size === 0) return head;
  const digits = size.toString(16);
  const whole = Buffer.allocUnsafe(head.byteLength + digits.length + size + 2 * CRLF.length);
  whole.set(head);
  let end = head.byteLength + whole.write(digits + CRLF, head.byteLength, "latin1");
  for (const chunk of early) {
    whole.set(chunk, end);
    end += chunk.byteLength;
  }
  whole.set(CRLF_BYTES, end);
  return whole;
}

/** The heads of streams that open within a second are the same in most cases. */
function encodedHead({ status, headers }: Response): Uint8Array {
  let text = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}${CRLF}`;
  headers.forEach((value, name) => text += `${name}: ${value}${CRLF}`);
  text +=
    `date: ${httpDate()}${CRLF}connection: close${CRLF}transfer-encoding: chunked${CRLF}${CRLF}`;
  if (text === lastHeadText) return lastHead;
  lastHeadText = text;
  // A header has one byte for each character (Fetch, "byte sequence").
  return lastHead = Buffer.from(text, "latin1");
}

function httpDate(): string {
  const second = Math.floor(Date.now() / 1_000);
  if (second !== lastSecond) {
    lastSecond = second;
    lastDate = new Date(second * 1_000).toUTCString();
  }
  return lastDate;
}
