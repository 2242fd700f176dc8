/**
 * `deno task test:closure`: a real server, real clients, and every way for a connection between
 * them to end. Prints a line for each.
 *
 *     deno task test:closure [part of a scenario's name]
 *
 * @module
 */
import { messageOf } from "../../lib/base/errors.ts";
import { type Scenario, TooSlow } from "./scenario.ts";
import { DEADLINES } from "./scenarios/deadlines.ts";
import { DEPARTURES } from "./scenarios/departures.ts";
import { STALLED } from "./scenarios/stalled.ts";
import { STOPPING } from "./scenarios/stopping.ts";
import type { AbortMode } from "./server.ts";

const MAX_TRIES = 3;

interface Pass {
  readonly abort: AbortMode;
  readonly scenarios: readonly Scenario[];
}

const PASSES: readonly Pass[] = [
  { abort: "no-legacy", scenarios: [...STOPPING, ...DEADLINES, ...DEPARTURES, ...STALLED] },
  { abort: "legacy", scenarios: [...DEPARTURES, ...STALLED] },
];

async function main(part: string): Promise<number> {
  let passed = 0;
  let failed = 0;
  for (const { abort, scenarios } of PASSES) {
    for (const { name, run } of scenarios.filter(({ name }) => name.includes(part))) {
      const title = abort === "legacy" ? `${name}, legacy abort` : name;
      try {
        print(`ok    ${title}: ${await tryUntilInTime(run, abort)}`);
        passed++;
      } catch (error) {
        print(`FAIL  ${title}: ${messageOf(error)}`);
        failed++;
      }
    }
  }
  print(`${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0 ? 0 : 1;
}

/** Time limits get another try, as the machine may be busy with something else; nothing else does. */
async function tryUntilInTime(run: Scenario["run"], abort: AbortMode): Promise<string> {
  const slow: string[] = [];
  while (true) {
    try {
      const figures = await run(abort);
      return slow.length === 0 ? figures : `${figures} (after being late: ${slow.join("; ")})`;
    } catch (error) {
      if (!(error instanceof TooSlow) || slow.length === MAX_TRIES - 1) throw error;
      slow.push(error.message);
    }
  }
}

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

if (import.meta.main) Deno.exit(await main(Deno.args[0] ?? ""));
