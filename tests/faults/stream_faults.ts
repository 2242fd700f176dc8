/**
 * Faults of a client on an open stream, by name.
 *
 * @module
 */
import type { SseStream } from "./sse_stream.ts";

export const STREAM_FAULTS = {
  /** Ends in good order. */
  leave: ({ socket }) => socket.close(),
  /** Stops reading, without a word. */
  stall: ({ socket }) => socket.stall(),
  /** Reads on. */
  resume: ({ socket }) => socket.resume(),
  /** Sends a FIN and still reads. */
  half_close: ({ socket }) => socket.halfClose(),
  /** Sends an RST. */
  reset: ({ socket }) => socket.reset(),
} as const satisfies Record<string, (stream: SseStream) => void>;

export type StreamFault = keyof typeof STREAM_FAULTS;

export function isStreamFault(name: string): name is StreamFault {
  return Object.hasOwn(STREAM_FAULTS, name);
}
