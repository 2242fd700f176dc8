import { isPromise, settlesWithin } from "../base/promises.ts";
import type { GatewayServerOptions, RunningServer } from "./running_server.ts";
import type { Upstream } from "./upstream.ts";

/** One start of a server, until its end. */
export interface Run {
  readonly process: RunningServer;
  readonly upstream: Upstream;
  readonly startedAt: number;
  /** Runs once its process has exited and its output is still open. */
  exit: ReturnType<typeof setTimeout> | undefined;
}

/**
 * Starts a server in its turn, which lasts until the server is connected or has ended.
 *
 * @param turn how to take one, and the signal that drops the start while it waits for it
 * @param open connects to the server
 * @throws {Error} the signal's reason if it aborts before the start
 */
export async function inTurn<T>(
  { takeTurn, signal }: {
    readonly takeTurn: GatewayServerOptions["takeTurn"];
    readonly signal: AbortSignal;
  },
  start: () => Run,
  open: (run: Run) => Promise<T>,
): Promise<T> {
  const taken = takeTurn?.(signal);
  const endTurn = (isPromise(taken) ? await taken : taken) ?? (() => {});
  let run: Run | undefined;
  try {
    if (signal.aborted) throw signal.reason;
    run = start();
    const opened = await open(run);
    endTurn();
    return opened;
  } catch (error) {
    // A process that is of no use may keep a processor busy until it has ended.
    if (run === undefined) endTurn();
    else void run.process.ended.then(endTurn);
    throw error;
  }
}

/**
 * Waits for a part of a start, for as long as the whole start may take.
 *
 * @throws {Error} that names the part if it takes too long
 */
export async function inTime<T>(
  { startedAt }: Run,
  what: string,
  work: Promise<T>,
  { startMs, now }: Pick<GatewayServerOptions, "startMs" | "now">,
): Promise<T> {
  const isInTime = await settlesWithin(Math.max(0, startedAt + startMs - now()), work);
  if (isInTime) return await work;
  work.catch(() => {});
  throw new Error(`it did not ${what} within ${startMs} ms; "startMs" in its entry allows more`);
}
