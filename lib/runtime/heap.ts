import { nodeV8 } from "../base/node.ts";
import type { HeapFigures } from "../stream/admit/heap_gauge.ts";

/** The JavaScript heap: what is used, and the most that V8 will take. */
export function heap(): HeapFigures {
  const { used_heap_size, heap_size_limit } = nodeV8().getHeapStatistics();
  return { used: used_heap_size, limit: heap_size_limit };
}
