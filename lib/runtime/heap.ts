import { nodeV8, nodeVm } from "../base/node.ts";
import type { HeapFigures } from "../stream/admit/heap_gauge.ts";

/** Share of the heap in use from which on it is worth knowing what of it is garbage. */
const DOUBTFUL = 0.75;
/** Least time between two collections that are asked for, as one takes tenths of a second (ms). */
const COLLECT_INTERVAL_MS = 5_000;

let collect: (() => void) | undefined;
let collectedAt = -Infinity;

/**
 * The JavaScript heap: what is used, and the most that V8 will take.
 *
 * V8 leaves garbage lying until it needs room, and a server that refuses everybody needs none: it
 * would go on refusing for the sake of what nobody uses. So garbage is collected before a heap is
 * said to be full.
 */
export function heap(): HeapFigures {
  const { used_heap_size, heap_size_limit } = nodeV8().getHeapStatistics();
  const now = performance.now();
  if (used_heap_size < heap_size_limit * DOUBTFUL || now - collectedAt < COLLECT_INTERVAL_MS) {
    return { used: used_heap_size, limit: heap_size_limit };
  }
  collectedAt = now;
  (collect ??= exposeGc())();
  return { used: nodeV8().getHeapStatistics().used_heap_size, limit: heap_size_limit };
}

/** V8's own function, which only contexts have that are made after the flag is set. */
function exposeGc(): () => void {
  nodeV8().setFlagsFromString("--expose-gc");
  return nodeVm().runInNewContext("gc");
}
