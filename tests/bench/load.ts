/**
 * Load by wrk, and its cost for the server.
 *
 * @module
 */
import { withOpenFiles } from "./machine.ts";
import type { BenchRequest } from "./requests.ts";
import { ratioOf, type Spread, spreadOf } from "./stats.ts";

/** The target of a load: one process, or several on one port. */
export interface Target {
  readonly url: string;
  /** CPU time used so far (ms). */
  cpuMs(): number;
}

/** The request that is sent repeatedly. */
export interface Load extends BenchRequest {
  readonly server: Target;
  readonly path?: string;
  readonly connections?: number;
  /** Threads of wrk. */
  readonly threads?: number;
  /** Mean pause of a connection before each request (ms). */
  readonly pauseMs?: number;
}

/** The result of a load. */
export interface Measured {
  readonly perSecond: number;
  /** CPU time of the server's process for one request (µs). */
  readonly cpuUs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const SCRIPT = new URL("./post.lua", import.meta.url).pathname;
const WARM_UP_SECONDS = 1;
/** Deadline of an answer; 1,000 connections wait for each other. */
const TIMEOUT = "20s";
/** Connections of a load that does not say. */
export const CONNECTIONS = 32;

/** @throws {Error} saying how to get wrk where it is missing */
export async function requireWrk(): Promise<void> {
  try {
    await new Deno.Command("wrk", { args: ["-v"], stdout: "null", stderr: "null" }).output();
  } catch {
    throw new Error("wrk is missing; it makes the load. Debian and Ubuntu: apt-get install wrk");
  }
}

function urlOf({ server, path = "/mcp" }: Load): string {
  return server.url + path;
}

/**
 * Sends one request and checks the answer, because wrk checks only its status.
 *
 * @throws {Error} if it is not the expected answer
 */
async function verify(load: Load): Promise<void> {
  const { body, headers, expect } = load;
  const answer = await fetch(urlOf(load), {
    method: "POST",
    headers: { ...headers, connection: "close" },
    body,
  });
  const type = answer.headers.get("content-type") ?? "";
  const text = await answer.text();
  if (answer.ok && type.startsWith(expect.type) && text.includes(expect.text)) return;
  throw new Error(`Wrong answer: ${answer.status} ${type} ${text.slice(0, 200)}`);
}

/** Waits until the server has done with what earlier clients left behind; at most 10 s. */
async function calm(server: Target): Promise<void> {
  for (let n = 0; n < 100; n++) {
    const before = server.cpuMs();
    await new Promise((resolve) => setTimeout(resolve, 100));
    if (server.cpuMs() - before <= 10) return;
  }
  throw new Error("The server did not come to rest within 10 s after a load");
}

/** @throws {Error} when a request fails: a figure with faults in it means nothing */
async function run(load: Load, seconds: number): Promise<Measured> {
  const { server, body, headers, connections = CONNECTIONS, threads = 1, pauseMs = 0 } = load;
  const named = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const size = [`-t${threads}`, `-c${connections}`, `-d${seconds}s`, "--timeout", TIMEOUT];
  const args = [...size, "-s", SCRIPT, urlOf(load)];
  const [program, ...rest] = withOpenFiles("wrk", [...args, "--", body, String(pauseMs), ...named]);
  await calm(server);
  const before = server.cpuMs();
  const { stdout, stderr } = await new Deno.Command(program, { args: rest }).output();
  const cpuMs = server.cpuMs() - before;
  const text = new TextDecoder().decode(stdout);
  const line = /^RESULT (.*)$/m.exec(text)?.[1];
  if (line === undefined) throw new Error(text + new TextDecoder().decode(stderr));
  const [requests = 0, us = 0, faults = 0, p50 = 0, p99 = 0] = line.split(" ").map(Number);
  if (faults > 0 || requests === 0) {
    const kinds = /^FAULTS (.*)$/m.exec(text)?.[1];
    throw new Error(`${faults} of ${requests} requests failed (${kinds})`);
  }
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
  for (const name of names) {
    await verify(loads[name]);
    await run(loads[name], WARM_UP_SECONDS);
  }
  const found = Object.fromEntries(names.map((name) => [name, new Series()])) as Record<K, Series>;
  for (let round = 0; round < rounds; round++) {
    for (const name of names) found[name].rounds.push(await run(loads[name], seconds));
  }
  return found;
}

/** The rounds of one load. */
export class Series {
  readonly rounds: Measured[] = [];

  all(figure: keyof Measured): number[] {
    return this.rounds.map((round) => round[figure]);
  }

  of(figure: keyof Measured): Spread {
    return spreadOf(this.all(figure));
  }

  /** The ratio of each round to the other's round beside it. */
  over(other: Series, figure: keyof Measured): Spread {
    return ratioOf(this.all(figure), other.all(figure));
  }
}
