/**
 * From the start of the process to its first answer.
 *
 * @module
 */
import type { Found, Row, RowGroup } from "../report.ts";
import { ECHO_CALL } from "../requests.ts";
import { type Launch, lifeline, peer, ServerProcess } from "../server_process.ts";
import { ratioOf, shown, spreadOf } from "../stats.ts";

const AT_MOST = 2;
/** Deno writes the code cache in the background, so one start ends before all of it is written. */
const WARM_UPS = 3;
const MANY_TOOLS = new URL("../servers/many_tools.ts?count=96", import.meta.url).href;
/** The built-in tools come on top. */
const MANY = `--mcp-tools=${MANY_TOOLS}`;

interface Start {
  readonly ms: number;
  readonly cpuMs: number;
}

async function firstAnswer(launch: Launch): Promise<Start> {
  const startedAt = performance.now();
  await using server = await ServerProcess.start(launch);
  const response = await fetch(`${server.url}/mcp`, {
    method: "POST",
    headers: { ...ECHO_CALL.headers, connection: "close" },
    body: ECHO_CALL.body,
  });
  const text = await response.text();
  const ms = performance.now() - startedAt;
  if (!text.includes(ECHO_CALL.expect.text)) throw new Error(`Wrong answer: ${text}`);
  return { ms, cpuMs: server.cpuMs() };
}

/** Without what V8 compiled at earlier starts. */
function first({ args: [verb = "", ...args], ...launch }: Launch): Launch {
  return { ...launch, args: [verb, "--no-code-cache", ...args] };
}

const LAUNCHES = {
  bare: peer("limit.js"),
  own: lifeline(),
  many: lifeline(MANY),
  bareFirst: first(peer("limit.js")),
  ownFirst: first(lifeline()),
  manyFirst: first(lifeline(MANY)),
} as const;
type Name = keyof typeof LAUNCHES;

export const coldStart: RowGroup = {
  name: "cold start",
  run: async ({ starts }): Promise<Found> => {
    const names = Object.keys(LAUNCHES) as Name[];
    for (let start = 0; start < WARM_UPS; start++) {
      for (const name of names) await firstAnswer(LAUNCHES[name]);
    }
    const found = Object.fromEntries(names.map((name) => [name, [] as Start[]])) as Record<
      Name,
      Start[]
    >;
    for (let round = 0; round < starts; round++) {
      for (const name of names) found[name].push(await firstAnswer(LAUNCHES[name]));
    }
    return {
      rows: [
        row("cold start to the first answered request", found, "own"),
        row("the same with 100 tools", found, "many"),
      ],
    };
  },
};

function row(
  what: string,
  found: Readonly<Record<Name, readonly Start[]>>,
  name: "own" | "many",
): Row {
  const all = (name: Name, figure: keyof Start) => found[name].map((start) => start[figure]);
  const ratio = ratioOf(all(name, "ms"), all("bare", "ms"));
  const figure = (name: Name) =>
    `${shown(spreadOf(all(name, "ms")), "ms")}, ${shown(spreadOf(all(name, "cpuMs")), "ms CPU")}`;
  return {
    what: `${what} (V8's code cache is warm)`,
    target: `at most ${AT_MOST} × a bare server's time`,
    measured: shown(ratio, "×"),
    byCpu: shown(ratioOf(all(name, "cpuMs"), all("bare", "cpuMs")), "×"),
    verdict: ratio.median <= AT_MOST,
    figures: {
      Lifeline: figure(name),
      "Lifeline, without code cache, as at the very first start": figure(`${name}First`),
      ...(name === "own" && {
        "a bare server": figure("bare"),
        "a bare server, without code cache": figure("bareFirst"),
      }),
    },
  };
}
