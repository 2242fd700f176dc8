/**
 * `deno task test:attacks`: a real server with a small heap, and one attack after the other, while an
 * honest client calls and holds streams. Prints a line for each. A server that passes lives through
 * all of them, within its memory, and the honest client notices nothing.
 *
 *     deno task test:attacks [--seconds 20] [parts of attacks' names]
 *
 * @module
 */
import { messageOf } from "../../lib/base/errors.ts";
import { Checks, option } from "../soak/report.ts";
import { type Answers, type Attack, Force } from "./attack.ts";
import { Honest } from "./honest.ts";
import type { HonestReport } from "./honest_client.ts";
import { COSTLY } from "./kinds/costly.ts";
import { KEPT } from "./kinds/kept.ts";
import { NEAR_LIMITS } from "./kinds/near_limits.ts";
import { PAGES } from "./kinds/pages.ts";
import { QUOTAS } from "./kinds/quotas.ts";
import { UNREAD } from "./kinds/unread.ts";
import { UPLOADS } from "./kinds/uploads.ts";
import { MemoryGauge, startServer } from "./server.ts";

const ATTACKS: readonly Attack[] = [
  ...KEPT,
  ...UPLOADS,
  ...UNREAD,
  ...COSTLY,
  ...NEAR_LIMITS,
  ...PAGES,
  ...QUOTAS,
];
/** Most resident memory of the server (bytes). */
const MAX_MEMORY = 1_000_000_000;
/** The honest client's 99th percentile must stay below (ms). */
const MAX_P99_MS = 250;
/** On a machine that is slow without an attack, the p99 may be this many times the quiet p99. */
const MAX_P99_FACTOR = 20;
/** Share of the time of an attack for which the honest client is alone before. */
const QUIET = 0.2;

const LATE = "honest p99";
const MAX_TRIES = 3;

/** The observations of one attack. */
interface Seen {
  readonly sent: number;
  readonly answers: Answers;
  /** The honest client's report without an attack. */
  readonly quiet: HonestReport;
  readonly honest: HonestReport;
  readonly peak: number;
  readonly ended: string | undefined;
  readonly faults: readonly string[];
}

async function play(attack: Attack, seconds: number): Promise<Seen> {
  await using server = await startServer(attack.settings);
  let ended: string | undefined;
  const over = server.exit.then(({ code, signal }) => void (ended = signal ?? `code ${code}`));
  using honest = await Honest.start(`http://127.0.0.1:${server.port}`);
  await delay(QUIET * seconds * 1_000).passed;
  const quiet = await honest.report();
  const until = performance.now() + seconds * 1_000;
  using force = new Force(server.port, until);
  using memory = new MemoryGauge(server.pid);
  const time = delay(seconds * 1_000);
  await Promise.race([
    time.passed,
    over,
    Promise.all(Array.from({ length: attack.lanes }, () => strikeOn(attack, force))),
  ]);
  time.cancel();
  force.end();
  const report = await honest.end();
  await memory.read();
  const { sent, answers } = force;
  const faults = server.faults();
  return { sent, answers, quiet, honest: report, peak: memory.peak, ended, faults };
}

/**
 * Only lateness gets another try, because the machine may be busy with other work. Each try lasts
 * longer, so that one late call among few does not decide.
 */
async function playUntilInTime(attack: Attack, firstSeconds: number) {
  for (let tries = 1, seconds = firstSeconds;; tries++, seconds *= 2) {
    const seen = await play(attack, seconds);
    const wrong = complaints(attack, seen);
    const isOnlyLate = wrong.length === 1 && wrong[0]!.startsWith(LATE);
    if (!isOnlyLate || tries === MAX_TRIES) return { seen, wrong };
  }
}

async function strikeOn(attack: Attack, force: Force): Promise<void> {
  while (!force.isOver) {
    await attack.strike(force).catch((error) => force.count(`error: ${messageOf(error)}`));
  }
}

function delay(ms: number): { readonly passed: Promise<void>; cancel(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  return { passed: promise, cancel: () => clearTimeout(timer) };
}

/** The complaints about an attack. */
function complaints(attack: Attack, seen: Seen): string[] {
  const { honest, peak, ended, faults } = seen;
  const p99 = percentile(honest.latencies, 0.99);
  const maxP99 = Math.max(MAX_P99_MS, MAX_P99_FACTOR * percentile(seen.quiet.latencies, 0.99));
  const breach = attack.breach?.(seen.answers);
  return [
    ...(ended === undefined ? [] : [`the server died (${ended})`]),
    ...(peak < MAX_MEMORY ? [] : [`memory ${mib(peak)}`]),
    ...(p99 < maxP99 ? [] : [`${LATE} ${ms(p99)}`]),
    ...honest.losses.slice(0, 3).map((loss) => `lost: ${loss}`),
    ...faults.slice(0, 2).map((fault) => `fault: ${fault.slice(0, 200)}`),
    ...(breach === undefined ? [] : [breach]),
  ];
}

function figures({ sent, answers, quiet, honest, peak }: Seen): string {
  const byStatus = [...answers].sort().map(([status, n]) => `${n} × ${status}`).join(", ");
  return `${sent} sent (${byStatus || "no answer read"}); resident ${mib(peak)}; honest: ` +
    `${honest.calls} calls, p99 ${ms(percentile(honest.latencies, 0.99))} ` +
    `(before the attack ${ms(percentile(quiet.latencies, 0.99))}), ` +
    `max ${ms(honest.latencies.at(-1) ?? NaN)}, lost ${honest.losses.length}`;
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Infinity;
}

const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
const ms = (value: number) => `${value.toFixed(0)} ms`;

/** The arguments after the options; one that matches all attacks if there are none. */
function partsOfNames(): readonly string[] {
  const parts = Deno.args.filter((arg, at) =>
    !arg.startsWith("--") && !Deno.args[at - 1]?.startsWith("--")
  );
  return parts.length > 0 ? parts : [""];
}

async function main(): Promise<number> {
  const seconds = option("seconds", 20);
  const checks = new Checks();
  const parts = partsOfNames();
  for (const attack of ATTACKS.filter(({ name }) => parts.some((part) => name.includes(part)))) {
    try {
      const { seen, wrong } = await playUntilInTime(attack, seconds);
      checks.note(attack.name, wrong.length === 0, [figures(seen), ...wrong].join("\n        "));
    } catch (error) {
      checks.note(attack.name, false, messageOf(error));
    }
  }
  return checks.end();
}

if (import.meta.main) Deno.exit(await main());
