/**
 * Loaded before the tests with `--preload`. Gives each test the deadline that `MUTATION_DEADLINE_MS`
 * names, so that a fault that makes a test wait is found soon and by its name. If `MUTATION_REACH`
 * names a folder, writes there which probes (`scopes.ts`) a test file has reached.
 *
 * @module
 */
import { boundTests } from "../helpers/deadline.ts";

/** What one test file has reached, and how long its tests took (ms). */
export interface Reach {
  /** URL of the test file. */
  readonly test: string;
  readonly ms: number;
  readonly reached: readonly string[];
}

boundTests(Number(Deno.env.get("MUTATION_DEADLINE_MS")));

const folder = Deno.env.get("MUTATION_REACH");
if (folder !== undefined) {
  const reached = new Set<string>();
  Object.assign(globalThis, { reached });
  const startedAt = performance.now();
  addEventListener("unload", () => {
    const ms = performance.now() - startedAt;
    const reach: Reach = { test: Deno.mainModule, ms, reached: [...reached] };
    Deno.writeTextFileSync(`${folder}/${crypto.randomUUID()}.json`, JSON.stringify(reach));
  });
}
