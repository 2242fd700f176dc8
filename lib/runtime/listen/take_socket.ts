import type { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import process from "node:process";
import { IS_DENO } from "./is_deno.ts";
import { Pipeline } from "./pipeline.ts";

/**
 * Whether the socket of a request can be taken. Only Deno's `node:http` was tried, and a client of
 * HTTP/1.0 takes no chunks.
 */
export function canTakeSocket(incoming: IncomingMessage): boolean {
  return IS_DENO && incoming.httpVersionMinor > 0;
}

/**
 * Runs once a request is read to its end, because `node:http` takes anything else for an abort, and
 * its parser has returned.
 */
export function afterRequest(incoming: IncomingMessage, run: () => void): void {
  const runSoon = () => void setImmediate(run);
  if (incoming.readableEnded) runSoon();
  else incoming.once("end", runSoon).resume();
}

/**
 * Name of the function of `node:http` that frees the parser of a closed socket and aborts its
 * requests. Perf: it makes an error with a stack for each, which nobody reads here.
 */
const ABORTER = "bound socketOnClose";

/**
 * Takes the socket of a request away from `node:http`, which frees its parser, its request and its
 * response. Further bytes of the client are dropped, and a client that ends its half is cut off.
 *
 * `node:http` does the same for an upgrade. It has no method for it, so this function calls what
 * `node:http` would do at the end of the socket.
 */
export function takeSocket({ socket }: IncomingMessage, out: ServerResponse): Socket {
  out.detachSocket(socket);
  Pipeline.drop(socket);
  const closers = socket.listeners("close");
  socket.removeAllListeners();
  for (const closer of closers) {
    if (closer.name === ABORTER) freeParser(socket);
    else closer.call(socket);
  }
  socket.destroy = destroyQuietly;
  // Requests that wait behind this one may have paused it.
  return socket.on("error", ignore).on("data", ignore).on("end", leave).resume();
}

type FreeParser = (parser: unknown, request: null, socket: Socket) => void;
let common: { readonly freeParser: FreeParser } | undefined;

function freeParser(socket: Socket & { readonly parser?: unknown }): void {
  common ??= process.getBuiltinModule("_http_common") as typeof common;
  common?.freeParser(socket.parser, null, socket);
}

/**
 * Ends a socket without an error. For a client that resets its socket, `node:net` would write the
 * stack of an error that is ignored, and many clients may leave at once.
 */
function destroyQuietly(this: Socket): Socket {
  return Socket.prototype.destroy.call(this);
}

function ignore(): void {}

function leave(this: Socket): void {
  this.destroy();
}
