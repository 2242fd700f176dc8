/**
 * Calls without a session: against the limit, against the peers, in both eras.
 *
 * @module
 */
import { inTurn, type Load } from "../load.ts";
import type { RowGroup } from "../report.ts";
import { ECHO_CALL, JSON_ECHO_CALL, MODERN_ECHO_CALL, STREAMED_ECHO_CALL } from "../requests.ts";
import { lifeline, peer, ServerProcess } from "../server_process.ts";
import { counted, shown } from "../stats.ts";
import { compared, speedOf } from "./compared.ts";

const SDK = "the official SDK 2.4.0, stateless";

export const echoCalls: RowGroup = {
  name: "tools/call of echo, session-less",
  run: async (effort) => {
    await using limit = await ServerProcess.start(peer("limit.js"));
    await using own = await ServerProcess.start(lifeline());
    await using sdk = await ServerProcess.start(peer("sdk2.js"));
    await using lite = await ServerProcess.start(peer("mcp_lite.js"));
    const found = await inTurn({
      limit: { server: limit, ...ECHO_CALL },
      own: { server: own, ...ECHO_CALL },
      // It answers such calls on event streams only, and those of 2026-07-28 as JSON.
      sdk: { server: sdk, ...STREAMED_ECHO_CALL },
      modernSdk: { server: sdk, ...MODERN_ECHO_CALL },
      // It answers on an event stream too, unless a client takes JSON only, which costs it less.
      lite: { server: lite, ...STREAMED_ECHO_CALL },
      jsonLite: { server: lite, ...JSON_ECHO_CALL },
      jsonOwn: { server: own, ...JSON_ECHO_CALL },
      modernLimit: { server: limit, ...MODERN_ECHO_CALL },
      modern: { server: own, ...MODERN_ECHO_CALL },
    }, effort);
    const what = "`tools/call` of `echo`, session-less, JSON";
    const modern = compared(found.modern, found.modernLimit, {
      what: "the same in 2026-07-28",
      atLeast: 0.6,
      of: "the limit",
    });
    return {
      rows: [
        compared(found.own, found.limit, { what, atLeast: 0.75, of: "the limit" }),
        compared(found.own, found.sdk, {
          what,
          atLeast: 20,
          of: SDK,
        }),
        compared(found.own, found.lite, {
          what,
          atLeast: 1.5,
          of: "mcp-lite 0.10.0, which answers on an event stream",
        }),
        compared(found.jsonOwn, found.jsonLite, {
          what: "the same from a client that takes JSON only",
          atLeast: 1.5,
          of: "mcp-lite 0.10.0, which answers as JSON then",
        }),
        { ...modern, figures: { ...modern.figures, [SDK]: speedOf(found.modernSdk) } },
      ],
    };
  },
};

const PAUSE_MS = 10;
const MAX_P99 = 3;

export const latency: RowGroup = {
  name: "latency at half the top rate",
  run: async (effort) => {
    await using limit = await ServerProcess.start(peer("limit.js"));
    await using own = await ServerProcess.start(lifeline());
    const top = await inTurn({
      limit: { server: limit, ...ECHO_CALL },
      own: { server: own, ...ECHO_CALL },
    }, { rounds: 1, seconds: effort.seconds });
    // Connections that pause 10 ms on average, so many that they make half the top rate.
    const halved = (name: keyof typeof top): Load => ({
      server: name === "own" ? own : limit,
      ...ECHO_CALL,
      pauseMs: PAUSE_MS,
      connections: Math.max(
        1,
        Math.round(top[name].of("perSecond").median / 2 * PAUSE_MS / 1000),
      ),
    });
    const loads = { limit: halved("limit"), own: halved("own") };
    const found = await inTurn(loads, effort);
    const ratio = found.own.over(found.limit, "p99Ms");
    const figure = (name: keyof typeof top) =>
      `p50 ${shown(found[name].of("p50Ms"), "ms")}, p99 ${shown(found[name].of("p99Ms"), "ms")} ` +
      `at ${shown(found[name].of("perSecond"), "/s")} from ${
        counted(loads[name].connections ?? 0)
      } connections; the top rate was ${shown(top[name].of("perSecond"), "/s")}`;
    return {
      rows: [{
        what: "latency of a call at half the top rate, p99",
        target: `at most ${MAX_P99} × the limit's`,
        measured: shown(ratio, "×"),
        verdict: ratio.median <= MAX_P99,
        figures: { Lifeline: figure("own"), "the limit": figure("limit") },
      }],
    };
  },
};
