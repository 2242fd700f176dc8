import type { MemoryFigures } from "../stream/admit/memory_gauge.ts";

/** Enough memory for a server with little to do. */
const FLOOR = 96 * 2 ** 20;

let limit: number | undefined;

/**
 * The resident memory of the process, and its limit: that of its cgroup, or else the machine's
 * memory. Reading the limit needs `--allow-sys=systemMemoryInfo`; without that there is no limit.
 */
export function resident(): MemoryFigures {
  return {
    used: Deno.memoryUsage().rss,
    // Perf: it needs the module `process`, which loads a large part of Node.
    get limit() {
      return limit ??= memoryLimit();
    },
    floor: FLOOR,
  };
}

/** Whether the limit of resident memory can be found. */
export function isLimitKnown(): boolean {
  return Deno.permissions.querySync({ name: "sys", kind: "systemMemoryInfo" }).state === "granted";
}

function memoryLimit(): number {
  if (!isLimitKnown()) return Infinity;
  // A cgroup without a limit has one that is more than any machine has, or 0.
  const allowed = process.constrainedMemory();
  const { total } = Deno.systemMemoryInfo();
  return allowed > 0 ? Math.min(allowed, total) : total;
}
