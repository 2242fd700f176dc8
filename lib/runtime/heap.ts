import * as v8 from "node:v8";
import type { HeapFigures } from "../stream/admission.ts";

/** The JavaScript heap: what is used, and the most that V8 will take. */
export function heap(): HeapFigures {
  const { used_heap_size, heap_size_limit } = v8.getHeapStatistics();
  return { used: used_heap_size, limit: heap_size_limit };
}
