import { settlesWithin } from "../base/promises.ts";
import type { McpServer } from "../mcp/server.ts";
import type { StreamRegistry } from "../stream/stream_registry.ts";
import type { PendingResponses } from "./pending_responses.ts";

/** The outcome of a drain. */
export interface DrainOutcome {
  /** Streams that ended in time. */
  readonly drained: number;
  /** Streams with calls that were cut; each call was answered with an error. */
  readonly cut: number;
  /** Requests without a stream that were cut, and answered with an error. */
  readonly unanswered: number;
  /** Why `onStop` failed; undefined if it did not. */
  readonly stopError?: Error;
}

/** The parts of an app that a drain uses. */
export interface DrainParts {
  readonly server: Pick<McpServer, "cutRunning">;
  readonly streams: StreamRegistry;
  readonly pending: PendingResponses;
}

/** Time for the answers to calls that were cut to be written (ms). */
const LAST_ANSWERS_MS = 100;

/**
 * Refuses new work, waits for what runs, and cuts what still runs when the budget ends. A call that
 * is cut is answered with an error, in the form of its dialect, before its stream ends.
 *
 * @param budgetMs time for running calls
 */
export async function drain(parts: DrainParts, budgetMs: number): Promise<DrainOutcome> {
  const { server, streams, pending } = parts;
  const open = streams.startDrain();
  const isEmpty = await settlesWithin(budgetMs, whenEmpty(parts));
  // Requests that are refused meanwhile are pending for a moment too.
  if (isEmpty) return { drained: open, cut: 0, unanswered: 0 };
  const cut = streams.size;
  const unanswered = pending.size;
  server.cutRunning();
  await settlesWithin(LAST_ANSWERS_MS, whenEmpty(parts));
  streams.closeAll();
  return { drained: open - cut, cut, unanswered };
}

function whenEmpty({ streams, pending }: DrainParts): Promise<unknown> {
  return Promise.all([streams.whenEmpty(), pending.whenEmpty()]);
}
