/**
 * Tools that show a soak the inside of its server, beside those of the closure tests.
 *
 * @module
 */
import * as z from "zod";
import { collectGarbage } from "../closure/fixture_tools.ts";
import { defineTool } from "../../lib/mod.ts";
import { emptyLargeTables, stopWatching, tableSizes } from "./watch_tables.ts";

/** Tables with fewer entries are not weighed. */
const LARGE = 500;

export const tables = defineTool({
  name: "tables",
  description: "Counts the entries of the server's tables",
  output: z.object({ tables: z.array(z.object({ name: z.string(), entries: z.number() })) }),
  run: () => {
    stopWatching();
    return { tables: tableSizes() };
  },
});

/** Must be the last call to a server, because it empties the tables. */
export const weigh_tables = defineTool({
  name: "weigh_tables",
  description: "Empties the server's large tables, and tells how much memory that frees",
  output: z.object({
    tables: z.array(z.object({ name: z.string(), entries: z.number(), bytes: z.number() })),
  }),
  run: () => ({ tables: emptyLargeTables(LARGE, heapInUse) }),
});

function heapInUse(): number {
  collectGarbage();
  collectGarbage();
  return Deno.memoryUsage().heapUsed;
}
