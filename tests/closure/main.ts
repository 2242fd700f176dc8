/**
 * `deno task test:closure`: a real server, real clients, and every way for a connection between
 * them to end. Prints a line for each. All of it is done twice: as this project's deno.json has it,
 * and without `no-legacy-abort`, where `request.signal` also aborts after every good response. With
 * `MCP_LISTENER=node` in the environment it is done once, as that listener makes its own signals.
 *
 *     deno task test:closure [part of a scenario's name]
 *
 * @module
 */
import { messageOf } from "../../lib/base/errors.ts";
import { tryUntilInTime } from "../helpers/in_time.ts";
import type { Scenario } from "./scenario.ts";
import { DEADLINES } from "./scenarios/deadlines.ts";
import { DEPARTURES } from "./scenarios/departures.ts";
import { SIGNALS } from "./scenarios/signals.ts";
import { STALLED } from "./scenarios/stalled.ts";
import { STOPPING } from "./scenarios/stopping.ts";
import { type AbortMode, listenerUnderTest } from "./server.ts";

const SCENARIOS = [...STOPPING, ...SIGNALS, ...DEADLINES, ...DEPARTURES, ...STALLED];
const ABORT_MODES: readonly AbortMode[] = listenerUnderTest() === "node"
  ? ["no-legacy"]
  : ["no-legacy", "legacy"];

async function main(part: string): Promise<number> {
  let passed = 0;
  let failed = 0;
  for (const abort of ABORT_MODES) {
    for (const { name, run } of SCENARIOS.filter(({ name }) => name.includes(part))) {
      const title = abort === "legacy" ? `${name}, legacy abort` : name;
      try {
        print(`ok    ${title}: ${await play(run, abort)}`);
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

async function play(run: Scenario["run"], abort: AbortMode): Promise<string> {
  const slow: string[] = [];
  const figures = await tryUntilInTime(() => run(abort), (message) => slow.push(message));
  return slow.length === 0 ? figures : `${figures} (after being late: ${slow.join("; ")})`;
}

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

if (import.meta.main) Deno.exit(await main(Deno.args[0] ?? ""));
