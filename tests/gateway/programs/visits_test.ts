/** Clients that leave at bad moments, most of them with a process of their own. */
import { assert } from "@std/assert";
import { visitMany } from "./visits.ts";

const VISITS = 300;

Deno.test("clients of every dialect that leave at bad moments leave no process, no session and no descriptor", async () => {
  const starts = await visitMany(VISITS);
  assert(starts > VISITS / 2, `only ${starts} processes`);
});
