/**
 * The listener on `node:http`, against bare handlers on it.
 *
 * @module
 */
import { inTurn } from "../load.ts";
import type { RowGroup } from "../report.ts";
import { ECHO_CALL } from "../requests.ts";
import { lifeline, peer, roomFor, ServerProcess } from "../server_process.ts";
import { counted, shown, spreadOf } from "../stats.ts";
import { compared } from "./compared.ts";
import { judged, kibEach, PING_MS } from "./idle.ts";
import { comparedStreams } from "./plain.ts";

const LISTENER = "--mcp-listener=node";
const CALLS = "`MCP_LISTENER=node`: `tools/call` of `echo`, session-less, JSON";
const MEMORY =
  "`MCP_LISTENER=node`: resident memory of an idle stream, 45 s after the last was opened";
/** KiB of an idle stream. */
const AT_MOST = 10;
/** Time after which V8 has collected the garbage of opening (ms). */
const COLLECTED_AFTER_MS = 45_000;
const STREAMS = "`MCP_LISTENER=node`: open, welcome, response, client leaves";

export const nodeCalls: RowGroup = {
  name: CALLS,
  run: async (effort) => {
    await using limit = await ServerProcess.start(peer("node_limit.js"));
    await using own = await ServerProcess.start(lifeline(LISTENER));
    const found = await inTurn({
      limit: { server: limit, ...ECHO_CALL },
      own: { server: own, ...ECHO_CALL },
    }, effort);
    const of = "a bare handler on node:http";
    return { rows: [compared(found.own, found.limit, { what: CALLS, atLeast: 0.75, of })] };
  },
};

export const nodeStreams: RowGroup = {
  name: STREAMS,
  run: (effort) =>
    comparedStreams({
      what: STREAMS,
      atLeast: 0.7,
      own: lifeline(...roomFor(1_000), LISTENER),
      bare: peer("node_sse_limit.js"),
      of: "a bare stream on node:http",
    }, effort),
};

export const nodeMemory: RowGroup = {
  name: MEMORY,
  run: async ({ streams, memoryRounds }) => {
    const pings = String(PING_MS);
    const launch = lifeline(...roomFor(streams), LISTENER, `--mcp-ping-interval-ms=${pings}`);
    const resident = (server: ServerProcess) => server.residentKib();
    const own: number[] = [];
    const bare: number[] = [];
    for (let round = 0; round < memoryRounds; round++) {
      bare.push(
        await kibEach(peer("node_sse_limit.js", pings), streams, resident, COLLECTED_AFTER_MS),
      );
      own.push(await kibEach(launch, streams, resident, COLLECTED_AFTER_MS));
    }
    const spread = spreadOf(own);
    return {
      rows: [{
        what: `${MEMORY}, ${counted(streams)} open`,
        target: `at most ${AT_MOST} KiB`,
        measured: shown(spread, "KiB"),
        verdict: judged(streams, spread.median <= AT_MOST),
        figures: {
          Lifeline: shown(spread, "KiB"),
          "a bare stream on node:http": shown(spreadOf(bare), "KiB"),
        },
      }],
    };
  },
};
