/**
 * Parses the output of `ss` (iproute2) to learn whether a peer acknowledges data.
 *
 * @module
 */
import { memoize } from "../../base/memoize.ts";
import type { SocketSample } from "./detector.ts";

/** Arguments for one line of figures on each open socket of a listening port, and nothing else. */
export function ssArgs(port: number): string[] {
  return ["-tinOH", "state", "established", "sport", "=", `:${port}`];
}

/** One name for the other end of a socket, however it is written. */
export function socketName(address: string, port: number): string {
  return `${bareAddress(address)}:${port}`;
}

const bareAddress = memoize((address) =>
  address.replace(/^\[|\]$/g, "").replace(/[%\]].*$/, "").toLowerCase()
    .replace(/^::ffff:(?=\d+\.)/, "")
);

/** Newer versions leave out the state's column when only one state is asked for, older ones not. */
const LINE_REGEXP = /^\s*(?:[A-Z][A-Z0-9-]*\s+)?\d+\s+(\d+)\s+\S+\s+(\S+):(\d+)\s(.*)$/;

/**
 * Reads one line.
 *
 * Only sent bytes without an acknowledgement count (`unacked`). Bytes in the queue do not: a reader
 * that has stopped reading still acknowledges. Missing figures are 0, so a line without figures
 * does not mark a peer as lost.
 *
 * @returns undefined for a line that does not describe a socket
 */
export function parseSocket(line: string): SocketSample | undefined {
  const [, queued, address = "", port, info = ""] = LINE_REGEXP.exec(line) ?? [];
  if (queued === undefined) return undefined;
  return {
    peer: socketName(address, Number(port)),
    hasUnacked: queued !== "0" && figure(info, "unacked") > 0,
    silentMs: Math.min(figure(info, "lastack"), figure(info, "lastrcv")),
    retransmitMs: figure(info, "rto") / 2 ** figure(info, "backoff"),
  };
}

/** The sockets that have something to acknowledge; most have not, and cost no more than a look. */
export function* owingSockets(lines: readonly string[]): Generator<SocketSample> {
  for (const line of lines) {
    if (!line.includes(" unacked:")) continue;
    const socket = parseSocket(line);
    if (socket?.hasUnacked) yield socket;
  }
}

function figure(info: string, name: string): number {
  const start = ` ${info}`.indexOf(` ${name}:`);
  return start < 0 ? 0 : Number.parseFloat(info.slice(start + name.length + 1)) || 0;
}
