/**
 * Many tools: calls of one among them, and the list of them all.
 *
 * @module
 */
import { inTurn, type Series } from "../load.ts";
import type { Growth, RowGroup } from "../report.ts";
import { ECHO_CALL, LIST_CALL } from "../requests.ts";
import { lifelineWithTools, peer, ServerProcess } from "../server_process.ts";
import { compared } from "./compared.ts";

async function listOf(server: ServerProcess): Promise<string> {
  const answer = await fetch(`${server.url}/mcp`, {
    method: "POST",
    headers: { ...LIST_CALL.headers, connection: "close" },
    body: LIST_CALL.body,
  });
  return await answer.text();
}

type Names = "call1" | "call10" | "call100" | "list1" | "list10" | "list100";

function growthsOf(found: Readonly<Record<Names, Series>>): Growth[] {
  const points = (name: "call" | "list", share: (count: number) => number) =>
    ([1, 10, 100] as const).map((count) => ({
      count,
      costs: found[`${name}${count}`].all("cpuUs").map((us) => us / share(count)),
    }));
  return [{
    what: "`tools/call`, with the number of tools",
    cost: "CPU per call",
    unit: "µs",
    points: points("call", () => 1),
  }, {
    what: "`tools/list`, with the number of tools",
    cost: "CPU per tool in the list",
    unit: "µs",
    points: points("list", (count) => count),
  }];
}

export const manyTools: RowGroup = {
  name: "100 registered tools",
  run: async (effort) => {
    await using one = await ServerProcess.start(lifelineWithTools(1));
    await using ten = await ServerProcess.start(lifelineWithTools(10));
    await using hundred = await ServerProcess.start(lifelineWithTools(100));
    await using limit = await ServerProcess.start(peer("bytes_limit.js", await listOf(hundred)));
    const found = await inTurn({
      call1: { server: one, ...ECHO_CALL },
      call100: { server: hundred, ...ECHO_CALL },
      call10: { server: ten, ...ECHO_CALL },
      bytes: { server: limit, ...LIST_CALL },
      list100: { server: hundred, ...LIST_CALL },
      list10: { server: ten, ...LIST_CALL },
      list1: { server: one, ...LIST_CALL },
    }, effort);
    return {
      rows: [
        compared(found.call100, found.call1, {
          what: "`tools/call` of `echo`, one of 100 tools",
          atLeast: 0.95,
          of: "Lifeline with 1 tool",
          mine: "Lifeline with 100 tools",
        }),
        compared(found.list100, found.bytes, {
          what: "`tools/list` with 100 tools",
          atLeast: 0.75,
          of: "the limit serving the same bytes",
        }),
      ],
      growths: growthsOf(found),
    };
  },
};
