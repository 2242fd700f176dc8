/**
 * The first bytes of a stream that has taken its socket from `node:http`.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { STATUS_CODES } from "node:http";

const CRLF = "\r\n";
const ENCODER = new TextEncoder();
let lastSecond = NaN;
let lastDate = "";

/**
 * The head of a response that ends with its connection (RFC 9112, 9.6), and its first bytes as one
 * chunk (7.1). All of it is one write, because each write is a system call and wakes the client.
 */
export function opening(response: Response, early: readonly Uint8Array[]): Uint8Array {
  const size = early.reduce((sum, { byteLength }) => sum + byteLength, 0);
  // A chunk of no bytes would be the last one.
  if (size === 0) return Buffer.from(headOf(response), "latin1");
  const head = headOf(response) + size.toString(16) + CRLF;
  const whole = Buffer.allocUnsafe(head.length + size + CRLF.length);
  // A header has one byte for each character (Fetch, "byte sequence"). Perf: writing Latin-1 takes
  // several times as long, and nearly all heads are ASCII.
  if (ENCODER.encodeInto(head, whole).written !== head.length) whole.write(head, "latin1");
  let end = head.length;
  for (const chunk of early) {
    whole.set(chunk, end);
    end += chunk.byteLength;
  }
  whole[end] = CRLF.charCodeAt(0);
  whole[end + 1] = CRLF.charCodeAt(1);
  return whole;
}

function headOf({ status, headers }: Response): string {
  let text = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}${CRLF}`;
  headers.forEach((value, name) => text += `${name}: ${value}${CRLF}`);
  return `${text}date: ${httpDate()}${CRLF}connection: close${CRLF}` +
    `transfer-encoding: chunked${CRLF}${CRLF}`;
}

function httpDate(): string {
  const second = Math.floor(Date.now() / 1_000);
  if (second !== lastSecond) {
    lastSecond = second;
    lastDate = new Date(second * 1_000).toUTCString();
  }
  return lastDate;
}
