/**
 * Load by wrk, and what it cost the server.
 *
 * @module
 */
import { median } from "./stats.ts";
import type { ServerProcess } from "./server_process.ts";

/** What is sent, again and again. */
export interface Load {
  readonly server: ServerProcess;
  readonly path?: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly connections?: number;
  /** Mean pause of a connection before each request (ms). */
  readonly pauseMs?: number;
}

/** What came of it. */
export interface Measured {
  readonly perSecond: number;
  /** CPU time of the server's process for one request (µs). */
  readonly cpuUs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const SCRIPT = new URL("./post.lua", import.meta.url).pathname;
const WARM_UP_SECONDS = 1;

/** @throws {Error} saying how to get wrk where it is missing */
export async function requireWrk(): Promise<void> {
  try {
    await new Deno.Command("wrk", { args: ["-v"], stdout: "null", stderr: "null" }).output();
  } catch {
    throw new Error("wrk is missing; it makes the load. Debian and Ubuntu: apt-get install wrk");
  }
}

/** @throws {Error} when a request fails: a figure with faults in it means nothing */
export async function run(load: Load, seconds: number): Promise<Measured> {
  const { server, path = "/mcp", body, headers, connections = 32, pauseMs = 0 } = load;
  const named = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const args = ["-t1", `-c${connections}`, `-d${seconds}s`, "-s", SCRIPT, server.url + path];
  const before = server.cpuMs();
  const { stdout, stderr } = await new Deno.Command("wrk", {
    args: [...args, "--", body, String(pauseMs), ...named],
  }).output();
  const cpuMs = server.cpuMs() - before;
  const text = new TextDecoder().decode(stdout);
  const line = /^RESULT (.*)$/m.exec(text)?.[1];
  if (line === undefined) throw new Error(text + new TextDecoder().decode(stderr));
  const [requests = 0, us = 0, faults = 0, p50 = 0, p99 = 0] = line.split(" ").map(Number);
  if (faults > 0 || requests === 0) throw new Error(`${faults} of ${requests} requests failed`);
  return {
    perSecond: requests / us * 1e6,
    cpuUs: cpuMs * 1000 / requests,
    p50Ms: p50 / 1000,
    p99Ms: p99 / 1000,
  };
}

/** Runs each load in turn, and all of them several times: A B A B. */
export async function inTurn<K extends string>(
  loads: Readonly<Record<K, Load>>,
  { rounds, seconds }: { readonly rounds: number; readonly seconds: number },
): Promise<Record<K, Series>> {
  const names = Object.keys(loads) as K[];
  for (const name of names) await run(loads[name], WARM_UP_SECONDS);
  const found = Object.fromEntries(names.map((name) => [name, new Series()])) as Record<K, Series>;
  for (let round = 0; round < rounds; round++) {
    for (const name of names) found[name].rounds.push(await run(loads[name], seconds));
  }
  return found;
}

/** The rounds of one load. */
export class Series {
  readonly rounds: Measured[] = [];

  median(figure: keyof Measured): number {
    return median(this.rounds.map((round) => round[figure]));
  }

  /** Median of what each round is of the other's round beside it. */
  ratio(figure: keyof Measured, other: Series): number {
    return median(this.rounds.map((round, i) => round[figure] / other.rounds[i]![figure]));
  }
}
