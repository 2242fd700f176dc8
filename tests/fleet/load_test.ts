/**
 * Instances that die, freeze and lose their store while clients call: each call has one result or
 * one error, and nothing is lost in silence, doubled, or left out.
 */
import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { rpc } from "../helpers/app.ts";
import { REDIS_FLAGS } from "../helpers/process.ts";
import { RedisProcess } from "../helpers/redis.ts";
import { EventReader } from "../helpers/sse.ts";
import { Instances, openSession, post, resume } from "./instances.ts";

const LEASE_MS = 2_000;
const CLIENTS = 12;
/** Time without a byte after which a client leaves a response and comes back elsewhere (ms). */
const IDLE_MS = LEASE_MS + 2_000;
/** Time for the outcome of a call, on a slow machine (ms). */
const PATIENCE_MS = 30_000;

/** What became of calls. */
class Tally {
  calls = 0;
  results = 0;
  /** Calls that ended with an error that says so, or whose request got no answer at all. */
  told = 0;
  silent = 0;
  doubled = 0;
  gaps = 0;
  /** Time from the start of a call that was interrupted to its outcome (ms). */
  longestMs = 0;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Settles with the promise, or rejects after a time without it. */
async function within<T>(promise: Promise<T>, ms: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Nothing for ${ms} ms`)), ms);
  });
  promise.catch(() => {});
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A client of 2025-11-25 that calls without a pause, each time at any instance. */
class CallingClient {
  readonly #instances: Instances;
  readonly #tally: Tally;
  readonly #session: Record<string, string>;
  #id = 0;

  constructor(instances: Instances, tally: Tally, session: Record<string, string>) {
    this.#instances = instances;
    this.#tally = tally;
    this.#session = session;
  }

  async callUntil(isOver: () => boolean): Promise<void> {
    while (!isOver()) await this.#call(1 + Math.floor(Math.random() * 8));
  }

  async #call(from: number): Promise<void> {
    const id = `call ${++this.#id}`;
    const startedAt = performance.now();
    this.#tally.calls++;
    const params = { name: "countdown", arguments: { from, interval_ms: 50 } };
    const message = rpc("tools/call", { ...params, _meta: { progressToken: id } }, id);
    // deno-lint-ignore no-explicit-any -- a test looks into whatever came
    const read: any[] = [];
    let last = "";
    let isResumed = false;
    const take = async (events: EventReader) => {
      try {
        for (;;) {
          const event = await within(events.next(), IDLE_MS);
          if (event === undefined) return;
          last = event.id ?? last;
          if (event.json !== undefined) read.push(event.json);
        }
      } finally {
        await events.leave().catch(() => {});
      }
    };
    const isAnswered = () => read.some((one) => one.id === id);
    try {
      const response = await within(
        post(this.#instances.anyUrl(), message, this.#session),
        IDLE_MS,
      );
      if (response.headers.get("content-type")?.startsWith("application/json") ?? true) {
        read.push(await response.json());
      } else await take(new EventReader(response));
    } catch {
      // The connection broke, which its client sees.
    }
    while (!isAnswered() && last !== "" && performance.now() - startedAt < PATIENCE_MS) {
      isResumed = true;
      await pause(100);
      await resume(this.#instances.anyUrl(), this.#session, last).then(take).catch(() => {});
    }
    if (isResumed) {
      this.#tally.longestMs = Math.max(this.#tally.longestMs, performance.now() - startedAt);
    }
    this.#judge(id, from, last, read);
  }

  // deno-lint-ignore no-explicit-any -- a test looks into whatever came
  #judge(id: string, from: number, last: string, read: readonly any[]): void {
    const tally = this.#tally;
    const answers = read.filter((one) => one.id === id);
    if (answers.length > 1) tally.doubled++;
    const [answer] = answers;
    if (answer?.result !== undefined) {
      tally.results++;
      const steps = read.flatMap(({ params }) => params?.progress ?? []);
      const all = Array.from({ length: from }, (_, n) => n + 1);
      if (steps.join() !== all.join()) tally.gaps++;
    } else if (answer?.error !== undefined || last === "") tally.told++;
    else tally.silent++;
  }
}

type Disturb = (instances: Instances, redis: RedisProcess) => Promise<void>;

const DISTURBANCES: Readonly<Record<string, Disturb>> = {
  "kill -9 of each of three instances in turn": async (instances) => {
    for (const index of [0, 1, 2]) {
      await instances.replace(index);
      await pause(1_500);
    }
  },
  "an instance frozen past its lease, and woken": async ({ all: [, frozen] }) => {
    frozen?.signal("SIGSTOP");
    await pause(2 * LEASE_MS);
    frozen?.signal("SIGCONT");
    await pause(LEASE_MS);
  },
  "Redis killed, and back empty": async (_, redis) => {
    await redis.kill();
    await pause(1_000);
    await redis.restart();
    await pause(LEASE_MS);
  },
  "a rolling restart": async (instances) => {
    for (const index of [0, 1, 2]) {
      await instances.all[index]?.stop("SIGTERM");
      await instances.replace(index);
      await pause(500);
    }
  },
};

for (const [name, disturb] of Object.entries(DISTURBANCES)) {
  Deno.test(`under load: ${name}`, async () => {
    await using redis = await RedisProcess.start();
    const env = { MCP_STORE: redis.url, MCP_STORE_LEASE_MS: String(LEASE_MS) };
    await using instances = await Instances.start(3, { env, flags: REDIS_FLAGS });
    const tally = new Tally();
    let isOver = false;
    const clients = await Promise.all(Array.from({ length: CLIENTS }, async () => {
      return new CallingClient(instances, tally, await openSession(instances.anyUrl()));
    }));
    const calling = clients.map((client) => client.callUntil(() => isOver));
    await pause(1_000);
    await disturb(instances, redis);
    await pause(1_000);
    isOver = true;
    await Promise.all(calling);
    const { calls, results, told, silent, doubled, gaps, longestMs } = tally;
    const line = `${name}: ${calls} calls, ${results} results, ${told} told an error, ` +
      `silent ${silent}, doubled ${doubled}, gaps ${gaps}, ` +
      `longest interrupted call ${Math.round(longestMs)} ms\n`;
    await Deno.stderr.write(new TextEncoder().encode(line));
    assertEquals({ silent, doubled, gaps, sum: results + told }, {
      silent: 0,
      doubled: 0,
      gaps: 0,
      sum: calls,
    });
    assertGreater(results, calls / 2);
    assertLess(longestMs, PATIENCE_MS);
  });
}
