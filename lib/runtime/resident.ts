import type { MemoryFigures } from "../stream/admit/memory_gauge.ts";

let limit: number | undefined;

/**
 * The resident memory of the process, and its limit: that of its cgroup, or else the machine's
 * memory. Reading the limit needs `--allow-sys=systemMemoryInfo`; without that there is no limit.
 */
export function resident(): MemoryFigures {
  return { used: process.memoryUsage.rss(), limit: limit ??= memoryLimit() };
}

function memoryLimit(): number {
  const { state } = Deno.permissions.querySync({ name: "sys", kind: "systemMemoryInfo" });
  if (state !== "granted") return Infinity;
  // A cgroup without a limit has one that is more than any machine has, or 0.
  const allowed = process.constrainedMemory();
  const { total } = Deno.systemMemoryInfo();
  return allowed > 0 ? Math.min(allowed, total) : total;
}
