/** Servers that print without end: the clients of the others do not notice, and the log says it. */
import { assert } from "@std/assert";
import { settlesWithin } from "../../../lib/base/promises.ts";
import { toolCall } from "../../helpers/app.ts";
import { entryOf, Gateway, hostile, isAlive } from "./gateway_process.ts";

/** How long each server floods at least (ms). */
const FLOOD_MS = 1_000;
/** How long a call to another server may take on a busy machine (ms). */
const PATIENCE_MS = 20_000;
/** What a gateway may take beside floods; without a bound, each takes more within seconds (MiB). */
const MAX_MIB = 450;

const RESTS = /\[WARNING\] Server sends more than it is asked for, and is read more slowly/;
const ENDED = /\[WARNING\] Server ended .*it sent a line of more than/;

const FLOODS: readonly (readonly [flood: string, line: RegExp])[] = [
  ["a line without an end", ENDED],
  ["empty lines", RESTS],
  ["changes of its lists", RESTS],
  ["log messages", RESTS],
  ["answers to no request", RESTS],
  ["questions", RESTS],
  ["garbage between messages", RESTS],
  ["messages of a million values", RESTS],
  ["messages of a million levels", RESTS],
];

/** The most resident memory that a process has had (MiB). */
async function peakOf(pid: number): Promise<number> {
  const { stdout } = await new Deno.Command("cat", { args: [`/proc/${pid}/status`] }).output();
  const kib = /^VmHWM:\s*(\d+) kB/m.exec(new TextDecoder().decode(stdout))?.[1];
  return Number(kib) / 1_024;
}

for (const [flood, line] of FLOODS) {
  Deno.test(`a server that prints ${flood} harms no client of another, and is named in the log`, async () => {
    await using gateway = await Gateway.ofFile({
      good: entryOf(hostile("behaves")),
      bad: entryOf(hostile(flood), { restart: "never" }),
    });
    const pid = await gateway.pid();
    const begun = gateway.ask(toolCall("act", {}), "/mcp/bad").catch(() => undefined);
    const endAt = performance.now() + FLOOD_MS;
    for (let n = 0; n < 20 || performance.now() < endAt; n++) {
      const asked = gateway.ask(toolCall("act", {}), "/mcp/good");
      assert(await settlesWithin(PATIENCE_MS, asked), "a call to the good server waits");
      assert(Number((await asked).result.content[0].text) > 0);
    }
    await gateway.until(line);
    assert(await settlesWithin(PATIENCE_MS, begun), "the call that began it is answered");
    const peak = await peakOf(pid);
    assert(peak < MAX_MIB, `${peak} MiB`);
    const [good] = await gateway.childPids();
    assert(await isAlive(good!));
  });
}
