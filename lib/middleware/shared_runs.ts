import type { ToolContext } from "../registry/context.ts";
import type { JsonObject } from "../wire/json_rpc.ts";

/** A run that has ended. */
export interface Run {
  readonly result: JsonObject;
  /** The result as JSON; undefined if the run failed, so that no other caller gets its result. */
  readonly text: string | undefined;
}

/** The part of a caller's context that a shared run uses. */
export type RunContext = Pick<ToolContext, "progress" | "signal">;

/** What became of a run: its result as JSON, a failure, or its caller does not wait any more. */
type Ended = { readonly text: string } | "failed" | "abandoned";

/** A run that has not ended. */
interface Running {
  readonly ended: Promise<Ended>;
  /** Progress is reported to the caller of the run and to all that wait for it. */
  readonly reports: Set<ToolContext["progress"]>;
}

/**
 * Lets callers that ask for the same at the same time share one run. No caller harms another: if the
 * run fails, each waiting caller gets its own run; if the caller of the run leaves, the next caller
 * begins anew.
 */
export class SharedRuns {
  readonly #running = new Map<string, Running>();

  /**
   * Runs, or waits for the same run of another caller.
   *
   * @param known finds a result that is there already, as JSON
   * @param run is given what reports its progress to all callers
   * @returns the result, which is the caller's own
   * @throws what `run` throws, and the reason of a caller that leaves while it waits
   */
  async run(
    key: string,
    { signal, progress }: RunContext,
    { known, run }: {
      readonly known: () => string | undefined;
      readonly run: (progress: ToolContext["progress"]) => Promise<Run>;
    },
  ): Promise<JsonObject> {
    while (true) {
      const text = known();
      if (text !== undefined) return JSON.parse(text);
      const running = this.#running.get(key);
      if (running === undefined) return await this.#runFirst(key, { signal, progress }, run);
      running.reports.add(progress);
      const ended = await unlessAborted(running.ended, signal)
        .finally(() => running.reports.delete(progress));
      if (ended === "failed") return (await run(progress)).result;
      if (ended !== "abandoned") return JSON.parse(ended.text);
    }
  }

  async #runFirst(
    key: string,
    { signal, progress }: RunContext,
    run: (progress: ToolContext["progress"]) => Promise<Run>,
  ): Promise<JsonObject> {
    if (signal.aborted) return (await run(progress)).result;
    const { promise: ended, resolve } = Promise.withResolvers<Ended>();
    const running: Running = { ended, reports: new Set([progress]) };
    this.#running.set(key, running);
    const end = (how: Ended): void => {
      if (this.#running.get(key) === running) this.#running.delete(key);
      resolve(how);
    };
    const onAbort = () => end("abandoned");
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      const { result, text } = await run((...report) => {
        for (const each of running.reports) each(...report);
      });
      end(text === undefined ? "failed" : { text });
      return result;
    } catch (error) {
      end("failed");
      throw error;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }
}

/** @throws (the promise rejects) with the signal's reason, if that comes first */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
