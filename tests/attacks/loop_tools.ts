/** A tool that tells how long the event loop of its server was held. */
import process from "node:process";
import * as z from "zod";
import { defineTool } from "../../lib/mod.ts";

/** Time between two readings of the clock (ms). */
const TICK_MS = 1;

const NOTHING = { ms: 0, cpu_ms: 0 };
let longest = NOTHING;
let last = performance.now();
let lastCpu = process.cpuUsage();

Deno.unrefTimer(setInterval(() => {
  const now = performance.now();
  const cpu = process.cpuUsage();
  const ms = now - last - TICK_MS;
  const cpu_ms = (cpu.user - lastCpu.user + cpu.system - lastCpu.system) / 1_000;
  if (ms > longest.ms) longest = { ms, cpu_ms };
  last = now;
  lastCpu = cpu;
}, TICK_MS));

export const longest_hold = defineTool({
  name: "longest_hold",
  description: "Tells the longest time for which the event loop was held since the last call (ms)",
  output: z.object({
    ms: z.number(),
    cpu_ms: z.number().describe("Time of the processor meanwhile, of all threads of the server"),
  }),
  run: () => {
    const hold = longest;
    longest = NOTHING;
    return hold;
  },
});
