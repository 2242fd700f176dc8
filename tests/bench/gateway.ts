// deno-lint-ignore-file no-console -- it prints its table
/**
 * Gateways before the same server, in turn: calls per second of 16 callers in one session, and
 * memory. Prints a table. Needs wrk, Node and the npm registry:
 *
 *     deno run -A tests/bench/gateway.ts
 *
 * @module
 */
const ROOT = new URL("../../", import.meta.url).pathname;
const SERVER = ["npx", "-y", "@modelcontextprotocol/server-everything@2026.8.31", "stdio"];
const CALLERS = 16;
const SECONDS = 5;
const ROUNDS = 3;

interface Contestant {
  readonly name: string;
  readonly command: (port: number) => readonly string[];
}

const CONTESTANTS: readonly Contestant[] = [
  {
    name: "Lifeline",
    command: (port) => [
      ...["deno", "task", "gateway", `--port=${port}`, "--mcp-log-level=warning", "--"],
      ...SERVER,
    ],
  },
  {
    name: "mcp-proxy 6.7.19",
    command: (port) => ["npx", "-y", "mcp-proxy@6.7.19", "--port", String(port), "--", ...SERVER],
  },
  {
    name: "supergateway 4.0.0, stateful",
    command: (port) => [
      ...["npx", "-y", "supergateway@4.0.0", "--stdio", SERVER.join(" ")],
      ...["--outputTransport", "streamableHttp", "--stateful", "--port", String(port)],
      ...["--logLevel", "none"],
    ],
  },
];

const HEADERS = {
  "content-type": "application/json",
  accept: "application/json, text/event-stream",
};
const CALL = JSON.stringify({
  jsonrpc: "2.0",
  id: 1,
  method: "tools/call",
  params: { name: "echo", arguments: { message: "hi" } },
});

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return (listener.addr as Deno.NetAddr).port;
}

/** Opens a session once the gateway answers. */
async function openSession(url: string): Promise<string> {
  const params = {
    protocolVersion: "2025-11-25",
    capabilities: {},
    clientInfo: { name: "bench", version: "1" },
  };
  const body = JSON.stringify({ jsonrpc: "2.0", id: 0, method: "initialize", params });
  for (let tries = 0; tries < 120; tries++) {
    try {
      const response = await fetch(url, { method: "POST", headers: HEADERS, body });
      await response.text();
      const session = response.headers.get("mcp-session-id");
      if (session !== null) {
        const headers = { ...HEADERS, "mcp-session-id": session };
        const message = JSON.stringify({ jsonrpc: "2.0", method: "notifications/initialized" });
        await (await fetch(url, { method: "POST", headers, body: message })).text();
        return session;
      }
    } catch {
      // It does not listen yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new Error(`${url} does not answer`);
}

/** Calls per second, and the share of answers that are not 200. */
async function load(url: string, session: string): Promise<{ rate: number; errors: string }> {
  const script = await Deno.makeTempFile({ suffix: ".lua" });
  const headers = Object.entries({ ...HEADERS, "mcp-session-id": session })
    .map(([name, value]) => `wrk.headers["${name}"]="${value}"`);
  await Deno.writeTextFile(
    script,
    ['wrk.method="POST"', `wrk.body='${CALL}'`, ...headers].join("\n"),
  );
  const { stdout } = await new Deno.Command("wrk", {
    args: ["-t1", `-c${CALLERS}`, `-d${SECONDS}s`, "-s", script, url],
  }).output();
  const text = new TextDecoder().decode(stdout);
  await Deno.remove(script);
  return {
    rate: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1]),
    errors: /Non-2xx[^\n]*|Socket errors[^\n]*/.exec(text)?.[0] ?? "",
  };
}

/** Proportional memory of a process and all below it, in MB. */
async function memoryOf(pid: number): Promise<number> {
  const { stdout } = await new Deno.Command("ps", { args: ["-eo", "pid=,ppid="] }).output();
  const pairs = new TextDecoder().decode(stdout).trim().split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number));
  const tree = new Set([pid]);
  for (let size = 0; size < tree.size;) {
    size = tree.size;
    for (const [child, parent] of pairs) if (tree.has(parent!)) tree.add(child!);
  }
  let sum = 0;
  for (const one of tree) {
    const rollup = await Deno.readTextFile(`/proc/${one}/smaps_rollup`).catch(() => "");
    sum += Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1] ?? 0);
  }
  return Math.round(sum / 1024);
}

async function measure({ command }: Contestant): Promise<{ rate: number; memory: number }> {
  const port = freePort();
  const [program = "", ...args] = command(port);
  const child = new Deno.Command(program, {
    ...{ args, cwd: ROOT, stdin: "null", stdout: "null", stderr: "null", detached: true },
  }).spawn();
  try {
    const url = `http://localhost:${port}/mcp`;
    const session = await openSession(url);
    await load(url, session);
    const { rate, errors } = await load(url, session);
    if (errors !== "") console.error(errors);
    return { rate: Math.round(rate), memory: await memoryOf(child.pid) };
  } finally {
    Deno.kill(-child.pid, "SIGTERM");
    await child.status;
  }
}

const results = CONTESTANTS.map((contestant) => ({
  contestant,
  rates: [] as number[],
  memory: 0,
}));
for (let round = 0; round < ROUNDS; round++) {
  for (const result of results) {
    const { rate, memory } = await measure(result.contestant);
    result.rates.push(rate);
    result.memory = memory;
  }
}
console.log("| gateway | calls/s, median | memory with the server after the load |");
console.log("| --- | --: | --: |");
for (const { contestant, rates, memory } of results) {
  const median = rates.toSorted((a, b) => a - b)[Math.floor(rates.length / 2)];
  console.log(`| ${contestant.name} | ${median} | ${memory} MB |`);
}
