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
import { listenerUnderTest } from "../closure/server.ts";
import { serverSockets } from "../closure/sockets.ts";
import { Scrape } from "../helpers/metrics.ts";
import { type ActName, ACTS, type SoakTarget } from "./acts.ts";
import { Dice } from "./dice.ts";
import { Checks, option } from "./report.ts";
import { Late } from "./session.ts";
import { growthOf, lineOf, type TableGrowth, type Weighing } from "./tables.ts";
import type { TableSize, TableWeight } from "./watch_tables.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
/** Clients of one address that come back without a pause: no act is there to reach these limits. */
const UNBOUNDED = 1e9;
const SETTINGS = {
  MCP_PING_INTERVAL_MS: 1_000,
  MCP_BODY_TIMEOUT_MS: 1_000,
  MCP_SESSION_IDLE_MS: 2_000,
  MCP_REPLAY_MS: 2_000,
  MCP_INITIALIZES_PER_SECOND: UNBOUNDED,
  MCP_INITIALIZES_BURST: UNBOUNDED,
  MCP_CALLS_PER_SECOND: UNBOUNDED,
  MCP_CALLS_BURST: UNBOUNDED,
  MCP_STREAM_OPENS_PER_SECOND: UNBOUNDED,
  MCP_STREAM_OPENS_BURST: UNBOUNDED,
  MCP_MAX_FLAPS: UNBOUNDED,
  MCP_LOG_LEVEL: "warning",
  MCP_TOOLS: `${ROOT}tests/closure/fixture_tools.ts,${ROOT}tests/soak/tools.ts`,
};
/** The refusals of acts that send no request, or only a part of one. */
const SHOWN_REFUSALS = [
  "body_timeout",
  "body_too_large",
  "parse_error",
  // Deno refuses a second Host header itself.
  ...(listenerUnderTest() === "node" ? ["invalid_request"] : []),
];
const LEDGER_MS = 30_000;
/** Share of the time after which the heap is weighed for the first time. */
const WARM_UP = 0.3;
/** By how much the heap may have grown since, beside what large tables with a bound have grown. Code is still compiled in a short run. */
const HEAP_GROWTH = 0.1;
/** Idle sessions and replayable events need some seconds to expire. */
const CLEAN_MS = 20_000;
/** Longest time between two acts of a client. */
const PAUSE_MS = 50;

interface SoakOptions {
  readonly clients: number;
  readonly seed: number;
  readonly onGrowth: (growth: TableGrowth) => void;
}

class Soak {
  readonly acted = new Map<ActName, number>();
  readonly errors: string[] = [];
  /** Clients that the server gave up, and was right to. */
  readonly late: string[] = [];
  /** Told of each table at the end. */
  readonly onGrowth: (growth: TableGrowth) => void;
  readonly #stage: Stage;
  readonly #clients: number;
  readonly #dice: Dice;

  constructor(stage: Stage, { clients, seed, onGrowth }: SoakOptions) {
    this.#stage = stage;
    this.#clients = clients;
    this.onGrowth = onGrowth;
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

  /** Plays an act once; returns whether its client was too late and must begin again. */
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

  /** Checks that no client has left anything, and weighs the heap and the tables. */
  async weigh(): Promise<Weighing> {
    const { server } = this.#stage;
    return await eventually(async () => {
      assertLedgerClean(await server.ledger());
      assertEquals(await this.#stage.held(), NOTHING, "left inside the server");
      assertEquals((await serverSockets(server.port))?.states ?? [], [], "sockets are left");
      assertEquals((await this.#scrape()).value("lifeline_sessions_open"), 0, "sessions");
      const tables = await this.tables();
      await server.leftovers();
      return { bytes: (await server.ledger()).heap_used_bytes, tables };
    }, CLEAN_MS);
  }

  /** The server's tables; the first time, it learns which of them are its own. */
  async tables(): Promise<readonly TableSize[]> {
    return (await this.#stage.server.call("tables")).structuredContent.tables;
  }

  /** Large tables have grown up to their bounds, and the heap by no more than they have. */
  async explainGrowth(before: Weighing, after: Weighing): Promise<string> {
    const result = await this.#stage.server.call("weigh_tables");
    const weights: readonly TableWeight[] = result.structuredContent.tables;
    const grown = growthOf(before, weights);
    for (const growth of grown) this.onGrowth(growth);
    for (const { name, after, bound = 0 } of grown) {
      assert(after <= bound, `${name} has ${after} entries, and its bound is ${bound}`);
    }
    const explained = grown.reduce((sum, { bytes }) => sum + bytes, 0);
    const rest = (after.bytes - before.bytes - explained) / before.bytes;
    assert(rest <= HEAP_GROWTH, `the heap has grown by ${percent(rest)} beside them`);
    return `${percent(after.bytes / before.bytes - 1)}, and ${percent(rest)} without them`;
  }

  /** No act meets a limit or an error that it is not there to show. */
  async checkRefusals(): Promise<string> {
    const scrape = await this.#scrape();
    const refused = scrape.of("lifeline_refused_total").filter(({ value }) => value > 0);
    assertEquals(refused.map(({ labels, value }) => [labels.limit, value]), [], "refused");
    const rejected = scrape.of("lifeline_rejections_total").filter(({ value }) => value > 0)
      .map(({ labels: { kind = "" }, value }) => ({ kind, value }));
    // A late client's act is counted there.
    const most = (kind: string) => kind === "session_not_found" ? this.late.length : 0;
    const others = rejected.filter(({ kind, value }) =>
      !SHOWN_REFUSALS.includes(kind) && value > most(kind)
    );
    assertEquals(others, [], "rejected");
    return rejected.map(({ kind, value }) => `${value} × ${kind}`).join(", ");
  }

  async #scrape(): Promise<Scrape> {
    return new Scrape(await this.#stage.server.look("/metrics"));
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
  await using stage = await Stage.set("no-legacy", SETTINGS, ["tests/soak/watch_tables.ts"]);
  const onGrowth = (growth: TableGrowth) => checks.tell(`table ${lineOf(growth)}`);
  const soak = new Soak(stage, { clients, seed, onGrowth });
  await soak.tables();
  await play(soak, checks, minutes * 60_000);
  await checks.run("every client got what it asked for", () => {
    assertEquals(soak.errors.slice(0, 5), [], `${soak.errors.length} did not`);
    const acts = sumOf(Object.fromEntries(soak.acted));
    return Promise.resolve(`${acts} acts, ${soak.late.length} too late and begun again`);
  }, String);
  await checks.run("no act was refused for another reason than its own", () => {
    return soak.checkRefusals();
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

/** Has the clients act, and weighs the server after warm-up and at the end. */
async function play(soak: Soak, checks: Checks, ms: number): Promise<void> {
  const onLedger = (error?: unknown) =>
    checks.note("the ledger adds up", error === undefined, error && messageOf(error));
  await soak.run(ms * WARM_UP, onLedger);
  const warm = await checks.run("nothing is left after warm-up", () => soak.weigh(), mebibytes);
  await soak.run(ms * (1 - WARM_UP), onLedger);
  await checks.run("the ledger adds up at the end", () => soak.checkSum());
  const end = await checks.run("nothing is left at the end", () => soak.weigh(), mebibytes);
  await checks.run("the heap has grown by no more than tables that have a bound", () => {
    assert(warm !== undefined && end !== undefined, "not weighed");
    return soak.explainGrowth(warm, end);
  }, String);
}

function mebibytes({ bytes }: Weighing): string {
  return `heap ${(bytes / 2 ** 20).toFixed(2)} MiB`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

if (import.meta.main) Deno.exit(await main());
