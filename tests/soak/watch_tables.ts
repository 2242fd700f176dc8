/**
 * Watches the tables of a server: every `Map` and `Set` that is made until its first client comes.
 * Loaded before the server with `--preload`, as modules have tables, too.
 *
 * @module
 */

/** A table and the place in the source that made it. */
interface Watched {
  readonly table: Table;
  readonly madeAt: string;
  /** Known once all tables are; the source may change during a long run. */
  name?: string;
}

type Table = Map<unknown, unknown> | Set<unknown>;

/** A table of the server, by the file and the field that hold it. */
export interface TableSize {
  readonly name: string;
  readonly entries: number;
}

/** A table that was emptied. */
export interface TableWeight extends TableSize {
  /** By how much the heap was smaller without its entries. */
  readonly bytes: number;
}

const LIB = new URL("../../lib/", import.meta.url).href;
/** General collections; whoever uses one has the table. */
const GENERAL = [`${LIB}base/`, `${LIB}stream/id_map.ts`];
/** Calls between a collection and the class that uses it. */
const STACK_DEPTH = 20;

const watched: Watched[] = [];
const { Map: NativeMap, Set: NativeSet } = globalThis;

globalThis.Map = class extends NativeMap<unknown, unknown> {
  constructor(...args: []) {
    super(...args);
    watch(this);
  }
} as unknown as MapConstructor;
globalThis.Set = class extends NativeSet<unknown> {
  constructor(...args: []) {
    super(...args);
    watch(this);
  }
} as unknown as SetConstructor;

/** Tables that are made later belong to a client, and must be gone with it. */
export function stopWatching(): void {
  globalThis.Map = NativeMap;
  globalThis.Set = NativeSet;
  for (const each of watched) each.name ??= nameOf(each.madeAt);
}

/** Those that have entries, the largest first. */
export function tableSizes(): TableSize[] {
  return watched.map(({ table, name = "" }) => ({ name, entries: table.size }))
    .filter(({ entries }) => entries > 0)
    .toSorted((a, b) => b.entries - a.entries);
}

/**
 * Empties the large tables one after the other, and weighs the heap before and after each.
 *
 * @param least entries of a table that counts as large
 * @param weigh collects garbage, and returns the used bytes of the heap
 */
export function emptyLargeTables(least: number, weigh: () => number): TableWeight[] {
  return watched.filter(({ table }) => table.size >= least).map(({ table, name = "" }) => {
    const entries = table.size;
    const before = weigh();
    table.clear();
    return { name, entries, bytes: before - weigh() };
  });
}

function watch(table: Table): void {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = STACK_DEPTH;
  const frames = new Error().stack?.split("\n") ?? [];
  Error.stackTraceLimit = stackTraceLimit;
  const places = frames.map((frame) => /(file:\S+:\d+):\d+\)?$/.exec(frame)?.[1])
    .filter((place) => place?.startsWith(LIB));
  const user = places.find((place) => !GENERAL.some((start) => place!.startsWith(start)));
  const madeAt = user ?? places[0];
  if (madeAt !== undefined) watched.push({ table, madeAt });
}

/** The name that a line of the source assigns to, such as `streamable/session_table.ts #ended`. */
function nameOf(place: string): string {
  const [, url = "", line = "0"] = /^(.*):(\d+)$/.exec(place) ?? [];
  const text = Deno.readTextFileSync(new URL(url)).split("\n")[Number(line) - 1] ?? "";
  const [, field = `line ${line}`] = /(#?\w+)(?::[^=]+)? = /.exec(text) ?? [];
  return `${url.slice(LIB.length)} ${field}`;
}
