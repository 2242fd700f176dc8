/**
 * By how much a server's heap has grown, table by table.
 *
 * @module
 */
import type { TableSize, TableWeight } from "./watch_tables.ts";

/** The resources of a server without clients. */
export interface Weighing {
  /** Size of the heap after a garbage collection. */
  readonly bytes: number;
  readonly tables: readonly TableSize[];
}

/** Tables that keep something of clients that have left, and the entries at which each stops growing. */
export const BOUNDS: Readonly<Record<string, number>> = {
  "transport/streamable/ended_sessions.ts #keys": 100_000,
  "transport/stream_session/sessions.ts #ended": 10_000,
  "transport/plain/keyed_calls.ts #calls": 10_000,
};

/** The growth of a table between two weighings. */
export interface TableGrowth {
  readonly name: string;
  readonly before: number;
  readonly after: number;
  /** Undefined for one that is not known to keep anything. */
  readonly bound: number | undefined;
  /** Size of its new entries. */
  readonly bytes: number;
}

/**
 * @param weights of the tables at the end
 * @returns the growth of each table that has a weight
 */
export function growthOf(before: Weighing, weights: readonly TableWeight[]): TableGrowth[] {
  return weights.map(({ name, entries, bytes }) => {
    const had = before.tables.filter((table) => table.name === name)
      .reduce((sum, table) => sum + table.entries, 0);
    const share = (entries - had) / entries;
    return {
      name,
      before: had,
      after: entries,
      bound: BOUNDS[name],
      bytes: Math.max(0, Math.round(bytes * share)),
    };
  });
}

/** `ended_sessions.ts #keys: 1000 → 5000 entries (of at most 100000), 0.31 MiB more`. */
export function lineOf({ name, before, after, bound, bytes }: TableGrowth): string {
  const most = bound === undefined ? "no bound is known" : `of at most ${bound}`;
  return `${name}: ${before} → ${after} entries (${most}), ${
    (bytes / 2 ** 20).toFixed(2)
  } MiB more`;
}
