import * as z from "zod";
import { defineTool } from "../registry/tool.ts";

/** Counts down with pauses: a tool that takes long, reports progress and can be cancelled. */
export const countdown = defineTool({
  name: "countdown",
  title: "Countdown",
  description: "Counts down to 0 and reports progress at each step",
  input: z.object({
    from: z.number().int().min(0).max(100_000).describe(
      "Number to count down from",
    ),
    interval_ms: z.number().int().min(1).max(60_000).default(1_000)
      .describe("Time between two steps in ms"),
  }),
  annotations: { readOnlyHint: true, openWorldHint: false },
  run: async ({ from, interval_ms }, { signal, progress }) => {
    for (let done = 1; done <= from; done++) {
      await delay(interval_ms, signal);
      progress(done, from, `${from - done} left`);
    }
    return `Counted down from ${from}`;
  },
});

function delay(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onAbort = () => {
    clearTimeout(timer);
    reject(signal.reason);
  };
  const timer = setTimeout(() => {
    signal.removeEventListener("abort", onAbort);
    resolve();
  }, ms);
  signal.addEventListener("abort", onAbort, { once: true });
  return promise;
}
