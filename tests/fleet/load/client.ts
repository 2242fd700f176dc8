/**
 * A client under load of any dialect: its calls, and the messages that it sees.
 *
 * @module
 */

/** One call. */
export interface Work {
  readonly id: string;
  readonly steps: number;
  /** Whether the tool asks the user. */
  readonly asks: boolean;
}

/** The messages of one call, as its client sees them. */
export interface Seen {
  /** Its responses with a result. */
  results: number;
  /** Errors of the server and of the proxy, and connections that broke. */
  readonly errors: string[];
  /** The progress that came, in order. */
  readonly steps: number[];
  /** Whether it came back to a call that it had lost. */
  isResumed: boolean;
  /**
   * Whether the last reports may be missing: official clients drop those that come together with the
   * result, and an instance that drains opens no stream for them.
   */
  mayLackSteps: boolean;
  /** Whether it waited for its own timeout, because its dialect cannot tell that a call is lost. */
  isTimedOut: boolean;
}

/** A client that is connected. */
export interface LoadClient extends AsyncDisposable {
  readonly name: string;
  /** Whether a tool may ask its user. */
  readonly canBeAsked: boolean;
  /** Calls the tool, and settles when the client knows what came of it, or gives up. */
  call(work: Work): Promise<Seen>;
}

/** Time for the outcome of a call, on a slow machine (ms). */
export const PATIENCE_MS = 30_000;
/** The answer of each user. */
export const ANSWER = { action: "accept", content: { sure: true } };

export function nothingSeen(mayLackSteps = false): Seen {
  return {
    results: 0,
    errors: [],
    steps: [],
    isResumed: false,
    isTimedOut: false,
    mayLackSteps,
  };
}

/** The request that calls the tool. */
export function workCall({ id, steps, asks }: Work, meta: Record<string, unknown> = {}) {
  return {
    jsonrpc: "2.0",
    id,
    method: "tools/call",
    params: {
      name: "work",
      arguments: { id, steps, asks },
      _meta: { ...meta, progressToken: id },
    },
  };
}

/** Takes a message that belongs to a call: a response, or progress. */
// deno-lint-ignore no-explicit-any -- a client looks into whatever came
export function note(seen: Seen, message: any): void {
  if (message?.result !== undefined) seen.results++;
  else if (message?.error !== undefined) seen.errors.push(String(message.error.message));
  else if (message?.params?.progress !== undefined) seen.steps.push(message.params.progress);
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Settles with the promise, or rejects after a time without it. */
export async function within<T>(promise: Promise<T>, ms: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Nothing for ${ms} ms`)), ms);
  });
  promise.catch(() => {});
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Sends a message again until a server has taken it. */
export async function sendUntilTaken(send: () => Promise<Response>): Promise<void> {
  for (const until = performance.now() + PATIENCE_MS; performance.now() < until;) {
    try {
      const response = await send();
      await response.body?.cancel();
      if (response.status < 500) return;
    } catch {
      // Refused, broken, or without an answer.
    }
    await pause(200);
  }
}
