/**
 * Faulty requests by name. Each writes its bytes, continues if they have no end, and returns the
 * socket.
 *
 * @module
 */
import { toolCall } from "../helpers/app.ts";
import { encodeRequest } from "./http.ts";
import { RawSocket, type Target } from "./socket.ts";

/** Time between two pieces of slow input (ms). */
const DRIP_MS = 50;
const ENCODER = new TextEncoder();
const GET = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n";
const POST = "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
const CHUNKED = `${POST}Transfer-Encoding: chunked\r\n\r\n`;
const MANY = 1_000;
const HUGE = 256 * 1024;
/** As much as fits into the buffers of the kernels many times over. */
const ENDLESS_BYTES = 64 * 2 ** 20;
const BLOCK = 64 * 1024;

/** Writes this and nothing more. */
const says = (text: string | Uint8Array) => async (target: Target): Promise<RawSocket> => {
  const socket = await RawSocket.connect(target);
  socket.write(text);
  return socket;
};

/** Writes this, and then piece after piece until the connection ends. */
const drips = (text: string, piece: (n: number) => string) => async (target: Target) => {
  const socket = await says(text)(target);
  let n = 0;
  const timer = setInterval(() => socket.write(piece(n++)), DRIP_MS);
  void socket.ended.then(() => clearInterval(timer));
  return socket;
};

/** Writes a text, and then blocks as fast as the server reads them. */
const floods = (text: string, block: Uint8Array) => async (target: Target) => {
  const socket = await says(text)(target);
  for (let sent = 0; sent < ENDLESS_BYTES; sent += block.length) socket.write(block);
  return socket;
};

const lines = (line: (n: number) => string) =>
  Array.from({ length: MANY }, (_, n) => line(n)).join("");

const chunk = ENCODER.encode(`${BLOCK.toString(16)}\r\n${" ".repeat(BLOCK)}\r\n`);

export const REQUEST_FAULTS = {
  /** Connects, and says nothing. */
  silence: RawSocket.connect,
  /** Ends in the middle of the head, without leaving. */
  half_head: says(GET),
  /** One header after another, slowly. */
  slow_head: drips(GET, (n) => `X-${n}: y\r\n`),
  /** Sends a whole request, reads the answer, and keeps the connection. */
  idle_keep_alive: says(encodeRequest({ path: "/healthz" })),

  /** One byte after another of a body that it said was longer. */
  slow_body: drips(`${POST}Content-Length: 1000\r\n\r\n`, () => " "),
  /** One chunk of one byte after another. */
  slow_chunks: drips(CHUNKED, () => "1\r\n \r\n"),
  /** Stops in the middle of a body. */
  half_body: says(`${POST}Content-Length: 1000\r\n\r\n{`),
  /** Promises a terabyte. */
  huge_body: says(`${POST}Content-Length: 1000000000000\r\n\r\n{`),
  /** Chunks without end. */
  endless_body: floods(CHUNKED, chunk),
  /** A chunk extension without end. */
  endless_extension: floods(`${CHUNKED}1;`, new Uint8Array(BLOCK).fill(0x61)),

  chunk_of_no_size: says(`${CHUNKED}zz\r\nhello\r\n0\r\n\r\n`),
  chunk_too_long: says(`${CHUNKED}3\r\nhello\r\n0\r\n\r\n`),
  chunk_size_overflow: says(`${CHUNKED}fffffffffffffffff\r\nhello\r\n0\r\n\r\n`),

  many_headers: says(`${GET}${lines((n) => `X-${n}: y\r\n`)}\r\n`),
  huge_header: says(`${GET}X: ${"y".repeat(HUGE)}\r\n\r\n`),
  huge_path: says(`GET /${"u".repeat(HUGE)} HTTP/1.1\r\nHost: localhost\r\n\r\n`),
  nul_in_header: says(`${GET}X: a\0b\r\n\r\n`),
  folded_header: says(`${GET}X: a\r\n b\r\n\r\n`),
  space_before_colon: says(`${GET}X : a\r\n\r\n`),
  two_hosts: says(`${GET}Host: evil.example\r\n\r\n`),
  /** The basis of request smuggling. */
  length_and_chunked: says(
    `${POST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nhello`,
  ),
  two_lengths: says(`${POST}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`),
  negative_length: says(`${POST}Content-Length: -2\r\n\r\n{}`),
  tls_hello: says(new Uint8Array([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, ...new Uint8Array(500)])),
} as const satisfies Record<string, (target: Target) => Promise<RawSocket>>;

export type RequestFault = keyof typeof REQUEST_FAULTS;

/** A call that runs for long without a stream. */
const CALL = encodeRequest({
  method: "POST",
  path: "/mcp",
  headers: { "Content-Type": "application/json", Accept: "application/json" },
  body: JSON.stringify(toolCall("countdown", { from: 100_000, interval_ms: 1_000 })),
});
/** Its answer has the size of its arguments. */
const ECHO = encodeRequest({
  method: "POST",
  path: "/mcp",
  headers: { "Content-Type": "application/json", Accept: "application/json" },
  body: JSON.stringify(toolCall("echo", { message: "x".repeat(HUGE) })),
});

/** How far a client gets before it resets. */
export const RESET_STAGES = {
  before_head: says(""),
  in_head: REQUEST_FAULTS.half_head,
  in_body: REQUEST_FAULTS.half_body,
  in_chunk: says(`${CHUNKED}100\r\n{`),
  before_answer: says(CALL),
  in_answer: async (target: Target) => {
    const socket = await RawSocket.connect(target);
    socket.stall();
    // More of them than the buffers of the kernels take.
    for (let count = 0; count < 50; count++) socket.write(ECHO);
    return socket;
  },
  behind_answer: REQUEST_FAULTS.idle_keep_alive,
} as const satisfies Record<string, (target: Target) => Promise<RawSocket>>;

/** Sends requests all at once on one connection, without waiting for answers. */
export function pipeline(target: Target, requests: readonly Uint8Array[]): Promise<RawSocket> {
  return says(new Uint8Array(requests.flatMap((bytes) => [...bytes])))(target);
}
