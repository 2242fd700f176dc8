/**
 * HTTP/1.1 by hand, for the clients of the kit.
 *
 * @module
 */
import { joinBytes, type ResponseHead, ResponseParser } from "./http_response.ts";
import { RawSocket, type Target } from "./socket.ts";

/** A request in the form of the wire. */
export interface RawRequest {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A response read to its end. */
export interface RawResponse extends ResponseHead {
  readonly body: string;
  /** False when the connection ended before the response did. */
  readonly isComplete: boolean;
}

const ENCODER = new TextEncoder();

/** The bytes of a request. */
export function encodeRequest(
  { method = "GET", path, headers = {}, body }: RawRequest,
): Uint8Array {
  const lines = [`${method} ${path} HTTP/1.1`, "Host: localhost"];
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  if (body !== undefined) {
    lines.push(`Content-Length: ${ENCODER.encode(body).byteLength}`);
  }
  return ENCODER.encode(`${lines.join("\r\n")}\r\n\r\n${body ?? ""}`);
}

/** One request on its own connection, which leaves no idle socket behind. */
export async function exchange(target: Target, request: RawRequest): Promise<RawResponse> {
  using socket = await RawSocket.connect(target);
  const parts: Uint8Array[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const parser = new ResponseParser({
    onBody: (bytes) => void parts.push(bytes.slice()),
    onComplete: resolve,
  });
  socket.onBytes = (bytes) => parser.push(bytes);
  const headers = { ...request.headers, Connection: "close" };
  socket.write(encodeRequest({ ...request, headers }));
  await Promise.race([promise, socket.ended]);
  if (parser.head === undefined) throw new Error(`No answer to ${request.path}`);
  const body = new TextDecoder().decode(joinBytes(parts));
  return { ...parser.head, body, isComplete: parser.isComplete };
}
