/**
 * The parts that scenarios share: their description, the meaning of "clean", and their figures.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import type { CloseReason } from "../../lib/stream/close_reason.ts";
import type { Leftovers } from "./fixture_tools.ts";
import { type AbortMode, type LedgerView, ServerProcess } from "./server.ts";
import { serverSockets } from "./sockets.ts";

/** One way for a connection to end. */
export interface Scenario {
  readonly name: string;
  /** Runs it and returns its figures; rejects if a check fails. */
  run(abort: AbortMode): Promise<string>;
}

/** The counts that the ledger must have at the end. */
export type Closed = Readonly<Partial<Record<CloseReason, number>>>;

/** A server on which a scenario is played. */
export class Stage implements AsyncDisposable {
  readonly server: ServerProcess;
  /** Its resources before the first client; reading them also takes a request. */
  readonly #before: Leftovers;

  private constructor(server: ServerProcess, before: Leftovers) {
    this.server = server;
    this.#before = before;
  }

  static async set(
    abort: AbortMode,
    settings: Settings = {},
    preloads: readonly string[] = [],
  ): Promise<Stage> {
    const server = await ServerProcess.start({ abort, settings, preloads });
    return new Stage(server, await server.warmUp());
  }

  /** The resources that the server holds for its clients. */
  async held(): Promise<Leftovers> {
    const now = Object.entries(await this.server.leftovers());
    // A timer that ran before may have ended.
    const more = now.map(([name, n]) => [name, Math.max(0, n - this.#before[name as Held])]);
    return Object.fromEntries(more);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.server[Symbol.asyncDispose]();
  }
}

type Settings = Readonly<Record<string, string | number>>;
type Held = keyof Leftovers;

/** Nothing is held. */
export const NOTHING: Leftovers = {
  wheel_entries: 0,
  timers: 0,
  abort_listeners: 0,
  running_requests: 0,
  connections: 0,
};

/** How long sockets and timers may take to go once the ledger is in order, on a busy machine (ms). */
const CLEAN_MS = 20_000;
const POLL_MS = 20;

/**
 * Holds when nothing of any client is left: ledger, queues, requests, timers, listeners, objects,
 * sockets.
 *
 * @param closed how many streams ended for which reason; all others must be 0
 */
export async function assertClean(
  stage: Stage,
  closed: Closed,
  withinMs = CLEAN_MS,
): Promise<void> {
  const { server } = stage;
  await eventually(async () => {
    assertLedger(await server.ledger(), closed);
    assertEquals(await stage.held(), NOTHING, "left inside the server");
    assertEquals(await serverSockets(server.port) ?? NO_SOCKETS, NO_SOCKETS, "sockets are left");
  }, withinMs);
  assertEquals(server.faults(), [], "errors in the server's log");
}

const NO_SOCKETS = { states: [], timers: [], unsentBytes: 0 };

function assertLedger(
  ledger: LedgerView,
  closed: Closed,
): void {
  const counted = Object.fromEntries(Object.entries(ledger.closed).filter(([, n]) => n > 0));
  assertEquals(counted, { ...closed }, "closed by reason");
  assertLedgerClean(ledger);
}

/** Nothing is open, whatever the reasons were for which streams ended. */
export function assertLedgerClean(ledger: LedgerView): void {
  const sum = Object.values(ledger.closed).reduce((a, b) => a + b, 0);
  assertEquals(ledger.open, 0, "open");
  assertEquals(ledger.lingering, 0, "lingering");
  assertEquals(ledger.opened, sum, "opened = open + closed");
  assertEquals(ledger.queued_bytes, 0, "queued_bytes");
  assertEquals(ledger.connections, [], "connections");
}

/** Repeats `check` until it does not reject, for effects of the system that take time. */
export async function eventually<T>(
  check: () => Promise<T>,
  withinMs = CLEAN_MS,
): Promise<T> {
  const deadline = Date.now() + withinMs;
  while (true) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}

/** `median 3 ms, max 9 ms`. */
export function spread(durations: readonly number[]): string {
  const sorted = durations.toSorted((a, b) => a - b);
  return `median ${sorted[sorted.length >> 1]} ms, max ${sorted.at(-1)} ms`;
}
