/**
 * Requests that the listener on `node:http` refuses itself, before the app sees them.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket as NodeSocket } from "node:net";

/** Why a request is refused: its status, and what is wrong. */
interface Refusal {
  readonly status: number;
  readonly reason: string;
}

/**
 * The refusal of a request that `node:http` takes, but should not.
 *
 * @param maxHeaders `MCP_MAX_HEADERS`
 * @returns undefined for a request that is answered
 */
export function refusalOf(incoming: IncomingMessage, maxHeaders: number): Refusal | undefined {
  // Names and values alternate. Node would drop the excess headers silently.
  if (incoming.rawHeaders.length > 2 * maxHeaders) return TOO_MANY_HEADERS;
  if (incoming.httpVersionMajor !== 1) return OTHER_VERSION;
  if (incoming.httpVersionMinor > 0) return undefined;
  return incoming.headers["transfer-encoding"] === undefined ? undefined : CHUNKS_IN_1_0;
}

const TOO_MANY_HEADERS: Refusal = {
  status: 431,
  reason: "The request has more headers than MCP_MAX_HEADERS allows",
};
/** RFC 9110, section 15.6.6. */
const OTHER_VERSION: Refusal = { status: 505, reason: "This server speaks HTTP/1.1 and HTTP/1.0" };
/** A proxy may see another end of the body (RFC 9112, section 6.1). */
const CHUNKS_IN_1_0: Refusal = { status: 400, reason: "HTTP/1.0 has no Transfer-Encoding" };

/** Answers a request with its refusal, and closes its socket. */
export function refuse(out: ServerResponse, { status, reason }: Refusal): void {
  out.shouldKeepAlive = false;
  out.writeHead(status, { "content-type": "text/plain" }).end(`${reason}\n`);
}

/** Answers a socket that sent invalid HTTP, or was too late, and closes it. */
export function refuseSocket(error: Error & { code?: string }, socket: NodeSocket): void {
  if (!socket.writable) return void socket.destroy();
  const status = error.code === "ERR_HTTP_REQUEST_TIMEOUT"
    ? "408 Request Timeout"
    : error.code === "HPE_HEADER_OVERFLOW"
    ? "431 Request Header Fields Too Large"
    : "400 Bad Request";
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  socket.destroySoon();
}
