/**
 * How soon the listeners of three instances hear of a change at one of them.
 *
 * @module
 */
import { RedisProcess } from "../../helpers/redis.ts";
import { Holder, listenStream } from "../holder.ts";
import type { Row, RowGroup } from "../report.ts";
import { handledLifeline, lifelineWithStore, roomFor, ServerProcess } from "../server_process.ts";
import { counted, shown, spreadOf } from "../stats.ts";

const INSTANCES = 3;
const TARGET = { listeners: 10_000, ms: 300 } as const;

const CHANGES = [
  { what: "`list_changed`", path: "/bench/change", mark: "notifications/tools/list_changed" },
  { what: "`resources/updated`", path: "/bench/update", mark: "notifications/resources/updated" },
] as const;

/** Until the last listener has been told, in each round (ms). */
async function toldOf(
  { path, mark }: (typeof CHANGES)[number],
  count: number,
  rounds: number,
): Promise<number[]> {
  await using stack = new AsyncDisposableStack();
  const redis = stack.use(await RedisProcess.start());
  const launch = lifelineWithStore(redis.url, handledLifeline(...roomFor(count)));
  const servers: ServerProcess[] = [];
  const holders: Holder[] = [];
  for (let n = 0; n < INSTANCES; n++) {
    const server = stack.use(await ServerProcess.start(launch));
    servers.push(server);
    const options = { ...listenStream(server.port), count: Math.ceil(count / INSTANCES), mark };
    const holder = stack.use(new Holder(options));
    holders.push(holder);
    await holder.next();
  }
  const lastMs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const told = holders.map((holder) => holder.next());
    const { at = NaN } = await servers[round % INSTANCES]!.read(path);
    lastMs.push(
      ...(await Promise.all(told)).map(({ lastAt = NaN }) => lastAt - at)
        .toSorted((a, b) => b - a).slice(0, 1),
    );
  }
  return lastMs;
}

export const toldByOthers: RowGroup = {
  name: "instances: changes",
  run: async ({ streams, rounds }) => {
    const rows: Row[] = [];
    for (const change of CHANGES) {
      const last = spreadOf(await toldOf(change, streams, rounds));
      rows.push({
        what: `${change.what} to ${counted(streams)} listeners at ${INSTANCES} instances`,
        target: `the last one has it after at most ${TARGET.ms} ms (${counted(TARGET.listeners)})`,
        measured: shown(last, "ms"),
        verdict: streams >= TARGET.listeners
          ? last.median <= TARGET.ms
          : `no verdict: ${counted(streams)}, not ${counted(TARGET.listeners)}`,
        figures: {
          [`${INSTANCES} instances with Redis`]: `${
            shown(last, "ms")
          }; the clients that read all sockets share the cores`,
        },
      });
    }
    return { rows };
  },
};
