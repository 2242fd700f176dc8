/**
 * HTTP/2 by hand, as far as a client needs it that reads nothing (RFC 9113).
 *
 * @module
 */
const ENCODER = new TextEncoder();
const PREFACE = ENCODER.encode("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
const HEADERS = 1;
const SETTINGS = 4;
const ACK = 1;
const END_STREAM_AND_HEADERS = 5;
/** SETTINGS_INITIAL_WINDOW_SIZE (section 6.5.2) of no bytes: the server must not send any data. */
const NO_WINDOW = [0, 4, 0, 0, 0, 0];
/** Indexed fields of the static table (RFC 7541, appendix A): GET and http. */
const GET_HTTP = [0x82, 0x86];
/** Literal fields without indexing, with names of the static table: the path and the authority. */
const PATH = 0x04;
const AUTHORITY = 0x01;

/** All that a client sends which asks for a path many times and takes no answer. */
export function unreadOverHttp2(path: string, requests: number): Uint8Array {
  const block = [
    ...GET_HTTP,
    PATH,
    ...literal(path),
    AUTHORITY,
    ...literal("127.0.0.1"),
  ];
  const frames = [
    frame(SETTINGS, 0, 0, NO_WINDOW),
    frame(SETTINGS, ACK, 0, []),
    // Streams of clients have odd numbers.
    ...Array.from(
      { length: requests },
      (_, n) => frame(HEADERS, END_STREAM_AND_HEADERS, 2 * n + 1, block),
    ),
  ];
  return Uint8Array.from([...PREFACE, ...frames.flat()]);
}

function literal(text: string): number[] {
  const bytes = ENCODER.encode(text);
  return [bytes.length, ...bytes];
}

function frame(type: number, flags: number, stream: number, payload: readonly number[]): number[] {
  const bytes = [payload.length >> 16, payload.length >> 8, payload.length].map((n) => n & 0xff);
  const id = [stream >> 24, stream >> 16, stream >> 8, stream].map((n) => n & 0xff);
  return [...bytes, type, flags, ...id, ...payload];
}
