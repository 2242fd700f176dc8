/**
 * The memory of the process: resident memory and the JavaScript heap, each with its limit.
 *
 * @module
 */
import { nodeV8, nodeVm } from "../base/node.ts";
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

/** A heap of this size never counts as full, so its limit is not looked up. */
const HEAP_FLOOR = 32 * 2 ** 20;
/** Share of the heap above which garbage is collected before the heap counts as full. */
const DOUBTFUL = 0.75;
/** Least time between two forced collections, which are slow (ms). */
const COLLECT_INTERVAL_MS = 5_000;

let heapLimit: number | undefined;
let collect: (() => void) | undefined;
let collectedAt = -Infinity;

/**
 * The use of the JavaScript heap, and its limit.
 *
 * V8 keeps garbage until it needs room. A server that refuses all work needs no room, so it would go
 * on refusing because of garbage. Garbage is therefore collected before a heap counts as full.
 */
export function heap(): MemoryFigures {
  let used = heapUsed();
  if (used > HEAP_FLOOR && used >= limitOfHeap() * DOUBTFUL && collectGarbage()) used = heapUsed();
  return {
    used,
    get limit() {
      return limitOfHeap();
    },
    floor: HEAP_FLOOR,
  };
}

function heapUsed(): number {
  return Deno.memoryUsage().heapUsed;
}

/** Perf: it needs the module `node:v8`, which loads a large part of Node. */
function limitOfHeap(): number {
  return heapLimit ??= nodeV8().getHeapStatistics().heap_size_limit;
}

/** @returns false if the last collection is too recent */
function collectGarbage(): boolean {
  const now = performance.now();
  if (now - collectedAt < COLLECT_INTERVAL_MS) return false;
  collectedAt = now;
  (collect ??= exposeGc())();
  return true;
}

/** V8's own function; only contexts that are created after the flag is set have it. */
function exposeGc(): () => void {
  nodeV8().setFlagsFromString("--expose-gc");
  return nodeVm().runInNewContext("gc");
}
