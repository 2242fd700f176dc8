/**
 * Calls in sessions that several instances share by Redis.
 *
 * @module
 */
import { RedisProcess } from "../../helpers/redis.ts";
import { inTurn } from "../load.ts";
import type { RowGroup } from "../report.ts";
import { inSession, rpc } from "../requests.ts";
import { lifeline, lifelineWithStore, ServerProcess } from "../server_process.ts";
import { compared } from "./compared.ts";

/** The first revision whose streams can be resumed from their first event. */
const VERSION = "2025-11-25";
const TOOLS = `--mcp-tools=${new URL("../servers/later_tools.ts", import.meta.url).href}`;
const AT_LEAST = 0.75;
const LATER = rpc("tools/call", { name: "later", arguments: {} }, "%ID%");

export const sharedSessions: RowGroup = {
  name: "instances: session calls",
  run: async (effort) => {
    await using redis = await RedisProcess.start();
    await using own = await ServerProcess.start(lifeline(TOOLS));
    await using shared = await ServerProcess.start(lifelineWithStore(redis.url, lifeline(TOOLS)));
    const { onStream: mine } = await inSession(`${own.url}/mcp`, VERSION);
    const { onStream: theirs } = await inSession(`${shared.url}/mcp`, VERSION);
    const found = await inTurn({
      own: { server: own, ...mine },
      shared: { server: shared, ...theirs },
      ownLater: { server: own, ...mine, body: LATER },
      sharedLater: { server: shared, ...theirs, body: LATER },
    }, effort);
    const comparison = { atLeast: AT_LEAST, of: "the same in memory", mine: "Lifeline with Redis" };
    return {
      rows: [
        compared(found.shared, found.own, {
          ...comparison,
          what: "`tools/call` of `echo` on an event stream, with Redis",
        }),
        compared(found.sharedLater, found.ownLater, {
          ...comparison,
          what: "`tools/call` that takes a moment, on an event stream, with Redis",
        }),
      ],
    };
  },
};
