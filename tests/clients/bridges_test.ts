/**
 * Programs that translate between stdio and HTTP, started as their users start them: supergateway
 * and mcp-remote with Lifeline as their upstream, mcp-proxy with Lifeline as its child.
 *
 * They have their own lock file, so that only this test downloads their packages.
 */
import { assertEquals } from "@std/assert";
import { Child } from "../helpers/child.ts";
import { serveFixture } from "./serve_fixture.ts";

const HERE = new URL("./", import.meta.url).pathname;
const ROOT = new URL("../../", import.meta.url).pathname;
const RUN = ["run", "-A", "--frozen", "--config", `${HERE}bridges/deno.json`];
const SUPERGATEWAY = [...RUN, "npm:supergateway@4.0.0"];
const MCP_REMOTE = [...RUN, "npm:mcp-remote@0.15.1"];
const MCP_PROXY = [...RUN, "npm:mcp-proxy@6.7.19"];
/** Time for a bridge to start on a busy machine (ms). */
const START_MS = 60_000;

const INITIALIZE = {
  protocolVersion: "2025-06-18",
  capabilities: {},
  clientInfo: { name: "bridged", version: "1" },
};

/** Talks to a bridge like a client that starts a command. */
async function call(bridge: Child, id: number, method: string, params: object) {
  await bridge.say(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
  const { json } = await bridge.line(`answer to ${method}`, ({ json }) => json.id === id, START_MS);
  return json;
}

async function listAndCall(bridge: Child): Promise<void> {
  const { result } = await call(bridge, 1, "initialize", INITIALIZE);
  assertEquals(typeof result?.serverInfo.name, "string");
  await bridge.say(JSON.stringify({ jsonrpc: "2.0", method: "notifications/initialized" }));
  const listed = await call(bridge, 2, "tools/list", {});
  assertEquals(listed.result.tools[0].name, "add");
  const called = await call(bridge, 3, "tools/call", { name: "add", arguments: { a: 1, b: 2 } });
  assertEquals(called.result.structuredContent, { sum: 3 });
}

const UPSTREAM = [
  ["supergateway --sse", [...SUPERGATEWAY, "--sse"], "/mcp/sse"],
  ["supergateway --streamableHttp", [...SUPERGATEWAY, "--streamableHttp"], "/mcp"],
  ["mcp-remote", MCP_REMOTE, "/mcp"],
  ["mcp-remote --transport sse-only", MCP_REMOTE, "/mcp/sse", "--transport", "sse-only"],
] as const;

for (const [name, args, path, ...more] of UPSTREAM) {
  Deno.test(`${name} lists and calls with ${path} as its upstream`, async () => {
    await using server = serveFixture();
    const home = await Deno.makeTempDir();
    try {
      await using bridge = new Child({
        args: [...args, `${server.origin}${path}`, ...more],
        env: { MCP_REMOTE_CONFIG_DIR: home, NO_COLOR: "1" },
        reads: "stdout",
      });
      await listAndCall(bridge);
    } finally {
      await Deno.remove(home, { recursive: true });
    }
  });
}

/** A port that was free a moment ago: mcp-proxy cannot be told to choose one. */
function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  listener.close();
  return (listener.addr as Deno.NetAddr).port;
}

/** Waits until the port accepts connections; mcp-proxy reports its start before it listens. */
async function listening(port: number): Promise<void> {
  for (const end = Date.now() + START_MS; Date.now() < end;) {
    try {
      return (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    } catch (error) {
      if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  throw new Error(`Nobody listens on port ${port}`);
}

Deno.test("mcp-proxy serves Lifeline's stdio as its child", async () => {
  const port = freePort();
  await using _bridge = new Child({
    args: [
      ...[...MCP_PROXY, "--host", "127.0.0.1", "--port", `${port}`, "--", Deno.execPath()],
      ...["run", "--frozen", "--config", `${ROOT}deno.json`, "--allow-read"],
      ...["--allow-env=PORT,HOST,MCP_*", `${ROOT}main.ts`, "--stdio"],
    ],
    env: { NO_COLOR: "1" },
    reads: "stdout",
  });
  await listening(port);
  const url = `http://127.0.0.1:${port}/mcp`;
  const post = async (body: object, session?: string) => {
    const response = await fetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        ...(session !== undefined && { "mcp-session-id": session }),
      },
      body: JSON.stringify({ jsonrpc: "2.0", ...body }),
    });
    const text = await response.text();
    const [, data] = /^data: (\{.*)$/m.exec(text) ?? [];
    return { session: response.headers.get("mcp-session-id") ?? undefined, data };
  };
  const { session } = await post({ id: 1, method: "initialize", params: INITIALIZE });
  await post({ method: "notifications/initialized" }, session);
  const { data = "{}" } = await post(
    { id: 2, method: "tools/call", params: { name: "add", arguments: { a: 1, b: 2 } } },
    session,
  );
  assertEquals(JSON.parse(data).result.structuredContent, { sum: 3 });
});
