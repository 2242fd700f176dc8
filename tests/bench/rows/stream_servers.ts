/**
 * Servers and clients of the rows with many streams.
 *
 * @module
 */
import { Holder, plainStream } from "../holder.ts";
import { type Launch, lifeline, roomFor, type ServerProcess } from "../server_process.ts";

/** Streams settle for so long: the kernel and the collector have their say (ms). */
const SETTLE_MS = 2_000;

/** Lifeline with room for so many streams from one address. */
export function roomyLifeline(streams: number, ...flags: string[]): Launch {
  return lifeline(...roomFor(streams), ...flags);
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Holds so many idle plain streams, all open and settled. */
export async function holdIdle(server: ServerProcess, count: number): Promise<Holder> {
  const holder = new Holder({ ...plainStream(server.port), count });
  try {
    await holder.next();
    await pause(SETTLE_MS);
    return holder;
  } catch (error) {
    await holder.kill();
    throw error;
  }
}

/** All streams, and 10 and 100 times fewer, but not so few that nothing can be measured. */
export function sizesUpTo(streams: number): number[] {
  return [streams / 100, streams / 10, streams].filter((count) => count >= 100);
}
