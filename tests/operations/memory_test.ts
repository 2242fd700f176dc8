/** The limit of resident memory in a control group, and the way back from full memory. */
import { assert, assertEquals } from "@std/assert";
import { encodeRequest, exchange, type RawResponse } from "../faults/http.ts";
import { rpc, toolCall } from "../helpers/app.ts";
import { Child } from "../helpers/child.ts";
import { Scrape } from "../helpers/metrics.ts";
import { OPERATOR_HEADERS, OPERATOR_TOKEN } from "../helpers/operator.ts";
import { START_FLAGS } from "../helpers/process.ts";
import { Cgroup, pretendedCgroup } from "./cgroup.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
/** Memory of the group, and the part of it that the tool takes (bytes). */
const LIMIT = 1024 * 2 ** 20;
const TAKEN = 832 * 2 ** 20;
const PATIENCE_MS = 60_000;
/** Time between two looks (ms). */
const LOOK_MS = 50;
const POST = {
  method: "POST",
  path: "/mcp",
  headers: { "content-type": "application/json", accept: "application/json" },
};

/** A server that another command starts. */
class Server extends Child {
  port = 0;

  static async start(before: readonly string[]): Promise<Server> {
    const [program = "", ...words] = before;
    const server = new Server({
      program,
      args: [...words, Deno.execPath(), "run", ...START_FLAGS, `${ROOT}main.ts`],
      env: {
        PORT: "0",
        MCP_LOG_FORMAT: "json",
        MCP_ADMIN_TOKEN: OPERATOR_TOKEN,
        MCP_TOOLS: `${ROOT}tests/operations/filling_tools.ts`,
        DENO_V8_FLAGS: "--expose-gc",
      },
      reads: "stderr",
    });
    const isGreeting = ({ json }: { json: { message?: string } }) => json.message === "Listening";
    const { json } = await server.line("greeting", isGreeting, PATIENCE_MS);
    server.port = Number(new URL(json.address).port);
    return server;
  }

  async gauge(name: string): Promise<number> {
    const { body } = await exchange(this, { path: "/metrics", headers: OPERATOR_HEADERS });
    return new Scrape(body).value(name);
  }

  ping(): Promise<RawResponse> {
    return exchange(this, { ...POST, body: JSON.stringify(rpc("ping")) });
  }

  /** Calls a tool without waiting for its answer; the client stays until it is disposed of. */
  async begin(tool: string, args: Record<string, unknown>): Promise<Disposable> {
    const socket = await Deno.connect({ hostname: "127.0.0.1", port: this.port });
    await socket.write(encodeRequest({ ...POST, body: JSON.stringify(toolCall(tool, args)) }));
    return socket;
  }
}

/** All memory of this machine, in bytes. */
async function machineMemory(): Promise<number> {
  const { stdout } = await new Deno.Command("cat", { args: ["/proc/meminfo"] }).output();
  return Number(/^MemTotal: +(\d+) kB/m.exec(new TextDecoder().decode(stdout))?.[1]) * 1024;
}

/** Looks until a check passes. */
async function eventually(check: () => Promise<void>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }
}

for (
  const [path, limit, expected] of [
    ["/", "419430400", 419_430_400],
    ["/system.slice/lifeline.service", "419430400", 419_430_400],
    ["/lifeline", "max", undefined],
  ] as const
) {
  Deno.test(`the limit of a group of version 2 is read: ${limit} at ${path}`, async () => {
    const folder = await Deno.makeTempDir({ prefix: "lifeline-cgroup-" });
    try {
      await using server = await Server.start(await pretendedCgroup(folder, path, limit));
      const found = await server.gauge("lifeline_memory_limit_bytes");
      assertEquals(found, expected ?? await machineMemory());
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

const probe = await Cgroup.make(LIMIT);
await probe?.[Symbol.asyncDispose]();

Deno.test({
  name: "a server whose group is short of memory refuses bodies, lives, and serves again later",
  ignore: probe === undefined,
  fn: async () => {
    await using group = await Cgroup.make(LIMIT);
    assert(group !== undefined);
    await using server = await Server.start(group.command);
    const limit = await server.gauge("lifeline_memory_limit_bytes");
    assert(Math.abs(limit - LIMIT) < 2 ** 20, `${limit}`);
    assertEquals((await server.ping()).status, 200);
    {
      using _client = await server.begin("fill", { bytes: TAKEN });
      await eventually(async () => {
        const { status, body } = await server.ping();
        assertEquals([status, JSON.parse(body).error.data.limit], [503, "resident"]);
      });
      assertEquals((await exchange(server, { path: "/healthz" })).status, 200);
      assert(await server.gauge("lifeline_resident_bytes") > TAKEN);
    }
    await eventually(async () => assertEquals((await server.ping()).status, 200));
    assert(await server.gauge("lifeline_resident_bytes") < TAKEN);
  },
});
