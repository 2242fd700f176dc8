/**
 * `deno task soak --minutes N`: a real server, and clients of all dialects that connect, call,
 * cancel, stall, reset, vanish and come back. Nothing of them may be left.
 *
 *     deno task soak [--minutes 1] [--clients 30] [--seed N]
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { messageOf } from "../../lib/base/errors.ts";
import { assertLedgerClean, eventually, NOTHING, Stage } from "../closure/scenario.ts";
import { serverSockets } from "../closure/sockets.ts";
import { exchange } from "../faults/http.ts";
import { Scrape } from "../helpers/metrics.ts";
import { type ActName, ACTS, type SoakTarget } from "./acts.ts";
import { Dice } from "./dice.ts";
import { Checks, option } from "./report.ts";
import { Late } from "./session.ts";

const SETTINGS = {
  MCP_PING_INTERVAL_MS: 1_000,
  MCP_BODY_TIMEOUT_MS: 1_000,
  MCP_SESSION_IDLE_MS: 2_000,
  MCP_REPLAY_MS: 2_000,
  MCP_INITIALIZES_PER_SECOND: 10_000,
  MCP_INITIALIZES_BURST: 10_000,
  MCP_CALLS_PER_SECOND: 1_000_000,
  MCP_CALLS_BURST: 1_000_000,
  MCP_LOG_LEVEL: "warning",
};
const LEDGER_MS = 30_000;
/** Share of the time after which the heap is weighed for the first time. */
const WARM_UP = 0.3;
/** By how much the heap may have grown since. */
const HEAP_GROWTH = 0.1;
/** Idle sessions and replayable events need some seconds to expire. */
const CLEAN_MS = 20_000;
/** Longest time between two acts of a client. */
const PAUSE_MS = 50;

class Soak {
  readonly acted = new Map<ActName, number>();
  readonly errors: string[] = [];
  /** Clients that the server gave up, and was right to. */
  readonly late: string[] = [];
  readonly #stage: Stage;
  readonly #clients: number;
  readonly #dice: Dice;

  constructor(stage: Stage, { clients, seed }: { clients: number; seed: number }) {
    this.#stage = stage;
    this.#clients = clients;
    this.#dice = new Dice(seed);
  }

  /** All clients act until the time is over. */
  async run(ms: number, onLedger: (error?: unknown) => void): Promise<void> {
    const until = Date.now() + ms;
    const looking = setInterval(() => {
      this.checkSum().then(() => onLedger(), onLedger);
    }, LEDGER_MS);
    try {
      const seeds = Array.from({ length: this.#clients }, () => this.#dice.below(2 ** 32));
      await Promise.all(seeds.map((seed) => this.#act(new Dice(seed), until)));
    } finally {
      clearInterval(looking);
    }
  }

  async #act(dice: Dice, until: number): Promise<void> {
    const names = Object.keys(ACTS) as ActName[];
    const { port } = this.#stage.server;
    const target = {
      port,
      pingMs: SETTINGS.MCP_PING_INTERVAL_MS,
      sessionIdleMs: SETTINGS.MCP_SESSION_IDLE_MS,
    };
    while (Date.now() < until) {
      const name = dice.pick(names);
      while (await this.#isLate(name, target, dice));
      this.acted.set(name, (this.acted.get(name) ?? 0) + 1);
      await dice.pause(PAUSE_MS);
    }
  }

  /** Plays an act once; whether its client has to begin again, as it was too late. */
  async #isLate(name: ActName, target: SoakTarget, dice: Dice): Promise<boolean> {
    try {
      await ACTS[name](target, dice);
      return false;
    } catch (error) {
      const isLate = error instanceof Late;
      (isLate ? this.late : this.errors).push(`${name}: ${messageOf(error)}`);
      return isLate;
    }
  }

  /** Opened = open now + Σ closed by reason. */
  async checkSum(): Promise<void> {
    const { opened, open, closed } = await this.#stage.server.ledger();
    assertEquals(opened, open + sumOf(closed), "opened = open + closed");
  }

  /** Nothing of any client is left; the heap as it is then, after a forced collection. */
  async weigh(): Promise<number> {
    const { server } = this.#stage;
    return await eventually(async () => {
      assertLedgerClean(await server.ledger());
      assertEquals(await this.#stage.held(), NOTHING, "left inside the server");
      assertEquals((await serverSockets(server.port))?.states ?? [], [], "sockets are left");
      const { body } = await exchange(server, { path: "/metrics" });
      const scrape = new Scrape(body);
      assertEquals(scrape.value("lifeline_sessions_open"), 0, "sessions");
      await server.leftovers();
      return (await server.ledger()).heap_used_bytes;
    }, CLEAN_MS);
  }
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((a, b) => a + b, 0);
}

async function main(): Promise<number> {
  const minutes = option("minutes", 1);
  const seed = option("seed", Date.now() % 2 ** 31);
  const clients = option("clients", 30);
  const checks = new Checks();
  checks.tell(`soak: ${minutes} min, ${clients} clients at a time, --seed ${seed}`);
  await using stage = await Stage.set("no-legacy", SETTINGS);
  const soak = new Soak(stage, { clients, seed });
  const onLedger = (error?: unknown) =>
    checks.note("the ledger adds up", error === undefined, error && messageOf(error));
  const ms = minutes * 60_000;
  await soak.run(ms * WARM_UP, onLedger);
  const warm = await checks.run("nothing is left after warm-up", () => soak.weigh(), mebibytes);
  await soak.run(ms * (1 - WARM_UP), onLedger);
  await checks.run("the ledger adds up at the end", () => soak.checkSum());
  const end = await checks.run("nothing is left at the end", () => soak.weigh(), mebibytes);
  await checks.run("the heap is within 10 % of the one after warm-up", () => {
    assert(warm !== undefined && end !== undefined, "not weighed");
    assert(end <= warm * (1 + HEAP_GROWTH), `${mebibytes(warm)} became ${mebibytes(end)}`);
    return Promise.resolve(`${(100 * (end / warm - 1)).toFixed(1)} %`);
  }, String);
  await checks.run("every client got what it asked for", () => {
    assertEquals(soak.errors.slice(0, 5), [], `${soak.errors.length} did not`);
    const acts = sumOf(Object.fromEntries(soak.acted));
    return Promise.resolve(`${acts} acts, ${soak.late.length} too late and begun again`);
  }, String);
  await checks.run("the server's log tells of no fault", () => {
    assertEquals(stage.server.faults(), []);
    return Promise.resolve();
  });
  for (const late of soak.late.slice(0, 5)) checks.tell(`late: ${late}`);
  checks.tell(JSON.stringify(Object.fromEntries(soak.acted)));
  checks.tell(JSON.stringify((await stage.server.ledger()).closed));
  return checks.end();
}

function mebibytes(bytes: number): string {
  return `heap ${(bytes / 2 ** 20).toFixed(2)} MiB`;
}

if (import.meta.main) Deno.exit(await main());
