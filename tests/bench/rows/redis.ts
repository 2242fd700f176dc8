/**
 * Redis as a store of instances: the time of a message from one to another, the memory of an event.
 *
 * @module
 */
import { RedisProcess } from "../../helpers/redis.ts";
import { readLines } from "../../helpers/lines.ts";
import { REDIS_FLAGS } from "../../helpers/process.ts";
import { randomId } from "../../../lib/base/ids.ts";
import type { Row, RowGroup } from "../report.ts";
import { benchStore } from "../redis_store.ts";
import { digits, median } from "../stats.ts";

const MEMBER = new URL("../servers/bus_member.ts", import.meta.url).pathname;
const MESSAGES = { count: 2_000, p99Ms: 5 } as const;
const EVENTS = { count: 20_000, frameBytes: 300, maxBytes: 700 } as const;
const ENCODER = new TextEncoder();

/** From a message to the reply of another process, for each (ms), from the shortest on. */
async function roundTrips(): Promise<number[]> {
  await using redis = await RedisProcess.start();
  await using stack = new AsyncDisposableStack();
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", ...REDIS_FLAGS, MEMBER, redis.url],
    stdout: "piped",
  }).spawn();
  const lines = readLines(child.stdout);
  stack.defer(async () => {
    child.kill("SIGKILL");
    await child.status;
    await lines.return(undefined);
  });
  const { value: other } = await lines.next();
  const store = benchStore(redis.url);
  stack.defer(() => store.close());
  let replied = () => {};
  store.bus.onMessage = () => replied();
  await store.start();
  const times: number[] = [];
  for (let n = 0; n < MESSAGES.count; n++) {
    const { promise, resolve } = Promise.withResolvers<void>();
    replied = resolve;
    const from = performance.now();
    await store.bus.send(other, { kind: "ask", from: store.me, n });
    await promise;
    times.push(performance.now() - from);
  }
  return times.toSorted((a, b) => a - b);
}

/** Memory that Redis uses (bytes). */
async function usedBy(redis: RedisProcess): Promise<number> {
  const { stdout } = await new Deno.Command("redis-cli", {
    args: ["-p", String(redis.port), "INFO", "memory"],
  }).output();
  return Number(/^used_memory:(\d+)/m.exec(new TextDecoder().decode(stdout))?.[1]);
}

/** Memory of an event in a stream of so many (bytes). */
async function bytesOf(perStream: number): Promise<number> {
  await using redis = await RedisProcess.start();
  const store = benchStore(redis.url);
  await store.start();
  const before = await usedBy(redis);
  const frame = ENCODER.encode("x".repeat(EVENTS.frameBytes));
  for (let made = 0; made < EVENTS.count; made += perStream) {
    const stream = `${randomId("")}/p1x${randomId("").slice(0, 8)}i${store.me}`;
    const entries = Array.from({ length: perStream }, () => ({ frame, isEnd: false }));
    await store.events.append(stream, 1, entries);
  }
  const used = await usedBy(redis) - before;
  await store.close();
  return used / EVENTS.count;
}

export const redisStore: RowGroup = {
  name: "instances: bus and memory of events",
  run: async () => {
    const times = await roundTrips();
    const p99 = times[Math.floor(times.length * 0.99)] ?? NaN;
    const [one, five] = [await bytesOf(1), await bytesOf(5)];
    const rows: Row[] = [
      {
        what: "message to another instance and its reply (Redis)",
        target: `p99 at most ${MESSAGES.p99Ms} ms`,
        measured: `${digits(p99)} ms`,
        verdict: p99 <= MESSAGES.p99Ms,
        figures: { Redis: `p50 ${digits(median(times))} ms, p99 ${digits(p99)} ms` },
      },
      {
        what: `an event of ${EVENTS.frameBytes} bytes in Redis, alone in its stream`,
        target: `at most ${EVENTS.maxBytes} bytes`,
        measured: `${digits(one)} bytes`,
        verdict: one <= EVENTS.maxBytes,
        figures: { Redis: `${digits(one)} bytes, and ${digits(five)} bytes in a stream of five` },
      },
    ];
    return { rows };
  },
};
