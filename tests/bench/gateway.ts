// deno-lint-ignore-file no-console -- it prints its tables
/**
 * Gateways before the same server, in turn. Prints two tables: calls per second of 16 callers in one
 * session with the memory after that, and the features that a client gets. Needs wrk, Node and the
 * npm registry:
 *
 *     deno run -A --lock=tests/clients/deno.lock tests/bench/gateway.ts [--rounds=3] [--seconds=5]
 *
 * `--rounds=0` leaves the load out, and prints the features alone.
 *
 * @module
 */
import { type Contestant, CONTESTANTS, RunningGateway } from "./gateways/contestants.ts";
import { featuresOf, type Row } from "./gateways/features.ts";
import { load, openSession } from "./gateways/load.ts";

function numberOf(flag: string, otherwise: number): number {
  const given = Deno.args.find((arg) => arg.startsWith(`--${flag}=`));
  return given === undefined ? otherwise : Number(given.split("=")[1]);
}

const ROUNDS = numberOf("rounds", 3);
const SECONDS = numberOf("seconds", 5);

async function measure(contestant: Contestant): Promise<{ rate: number; memory: number }> {
  await using gateway = new RunningGateway(contestant);
  const session = await openSession(gateway.url);
  await load(gateway.url, session, SECONDS);
  const { rate, errors } = await load(gateway.url, session, SECONDS);
  if (errors !== "") console.error(errors);
  return { rate: Math.round(rate), memory: await gateway.memory() };
}

function printTable(rows: readonly Row[]): void {
  const titles = Object.keys(rows[0] ?? {});
  console.log(`| ${titles.join(" | ")} |`);
  console.log(`|${titles.map(() => " --- |").join("")}`);
  for (const row of rows) console.log(`| ${titles.map((title) => row[title]).join(" | ")} |`);
  console.log();
}

async function measureAll(): Promise<readonly Row[]> {
  const results = CONTESTANTS.map((contestant) => ({
    contestant,
    rates: [] as number[],
    memory: 0,
  }));
  for (let round = 0; round < ROUNDS; round++) {
    for (const result of results) {
      const { rate, memory } = await measure(result.contestant);
      result.rates.push(rate);
      result.memory = memory;
    }
  }
  return results.map(({ contestant: { name }, rates, memory }) => ({
    gateway: name,
    "calls/s, median": String(rates.toSorted((a, b) => a - b)[Math.floor(rates.length / 2)]),
    "memory with the server after the load": `${memory} MB`,
  }));
}

async function tryAll(): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const contestant of CONTESTANTS) {
    await using gateway = new RunningGateway(contestant);
    await openSession(gateway.url);
    rows.push({ through: contestant.name, ...await featuresOf(gateway) });
  }
  return rows;
}

if (ROUNDS > 0) printTable(await measureAll());
printTable(await tryAll());
// Timers of the official client keep the process alive.
Deno.exit(0);
