/** Several processes on one port (`MCP_REUSE_PORT`), as real processes. */
import { shortId } from "../../lib/base/ids.ts";
import { assertEquals, assertMatch, assertNotEquals, assertStringIncludes } from "@std/assert";
import { encodeRequest, exchange } from "../faults/http.ts";
import { RawSocket } from "../faults/socket.ts";
import { initializeRequest, rpc, toolCall } from "../helpers/app.ts";
import { runMain, ServerProcess } from "../helpers/process.ts";

const SHARED = { MCP_REUSE_PORT: "true" };
/** The kernel chooses by chance; so many connections miss one of two processes once in 2^99 runs. */
const MANY = 100;
const HEADERS = { "Content-Type": "application/json", Accept: "application/json" };

/** Two processes on one port. */
class Pair implements AsyncDisposable {
  readonly port: number;
  readonly servers: readonly [ServerProcess, ServerProcess];

  private constructor(port: number, servers: readonly [ServerProcess, ServerProcess]) {
    this.port = port;
    this.servers = servers;
  }

  static async start(env: Readonly<Record<string, string>> = {}): Promise<Pair> {
    const options = { env: { ...SHARED, ...env } };
    const first = await ServerProcess.start(options);
    try {
      const port = Number(new URL(first.url).port);
      return new Pair(port, [
        first,
        await ServerProcess.start({ ...options, args: [`--port=${port}`] }),
      ]);
    } catch (error) {
      await first[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** A POST on its own connection. */
  post(message: unknown, { path = "/mcp", headers = {} as Record<string, string> } = {}) {
    const body = JSON.stringify(message);
    const all = { ...HEADERS, ...headers };
    return exchange(this, { method: "POST", path, headers: all, body });
  }

  /** Opens a plain stream: its id, and which of the processes has it. */
  async openPlain() {
    const socket = await RawSocket.connect(this);
    const { promise, resolve } = Promise.withResolvers<string>();
    let text = "";
    socket.onBytes = (bytes) => {
      text += new TextDecoder().decode(bytes);
      const id = /"connection_id":"(mcp_sse_[0-9a-f]{32})"/.exec(text)?.[1];
      if (id !== undefined) resolve(id);
    };
    const headers = { ...HEADERS, Accept: "text/event-stream" };
    const body = JSON.stringify(rpc("ping", {}));
    socket.write(encodeRequest({ method: "POST", path: "/mcp/sse", headers, body }));
    const id = await promise;
    const isLogged = new RegExp(`establishing .*"${shortId(id)}"`);
    const owner = await Promise.any(
      this.servers.map((server) => server.until(isLogged).then(() => server)),
    );
    return { socket, id, owner };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.servers) await server[Symbol.asyncDispose]();
  }
}

/** The answers of two processes to the same request, until both have answered. */
async function untilBoth<T>(seen: Set<T>, once: () => Promise<T>): Promise<T[]> {
  for (let n = 0; n < MANY && seen.size < 2; n++) seen.add(await once());
  return [...seen];
}

Deno.test("two processes with MCP_REUSE_PORT share a port: both answer, until one stops", async () => {
  await using pair = await Pair.start();
  const owners = await untilBoth(new Set<ServerProcess>(), async () => {
    const { socket, owner } = await pair.openPlain();
    using _ = socket;
    return owner;
  });
  assertEquals(owners.length, 2);
  assertEquals(await pair.servers[0].stop(), 0);
  for (let n = 0; n < 10; n++) {
    const { status, body } = await pair.post(toolCall("echo", { message: "hello" }));
    assertEquals([status, JSON.parse(body).result.content[0].text], [200, "hello"]);
  }
});

Deno.test("a connection id is known only to the process that has the stream; the other says 404", async () => {
  await using pair = await Pair.start();
  const { socket, id } = await pair.openPlain();
  using _ = socket;
  const answers = await untilBoth(new Set<number>(), async () => {
    const headers = { "Mcp-Connection-Id": id };
    return (await pair.post(rpc("ping", {}), { path: "/mcp/sse", headers })).status;
  });
  assertEquals(answers.sort(), [202, 404]);
});

for (
  const [what, env, expected] of [
    ["the same MCP_SESSION_KEY", { MCP_SESSION_KEY: "a-key-of-the-tests-0123456789-abc" }, [200]],
    ["keys of their own", {}, [200, 404]],
  ] as const
) {
  Deno.test(`a session of 2025 with ${what} is answered with ${expected.join(" or ")}`, async () => {
    await using pair = await Pair.start(env);
    const opened = await pair.post(initializeRequest());
    const id = opened.headers.get("mcp-session-id") ?? "";
    assertNotEquals(id, "");
    const headers = { "Mcp-Session-Id": id, "MCP-Protocol-Version": "2025-11-25" };
    const statuses = new Set<number>();
    let restored = false;
    for (let n = 0; n < MANY && !(restored || statuses.size === 2); n++) {
      statuses.add((await pair.post(rpc("ping", {}), { headers })).status);
      restored = pair.servers.some(({ stderr }) => stderr.includes("Session restored"));
    }
    assertEquals([...statuses].sort(), [...expected]);
    assertEquals(restored, expected.length === 1);
  });
}

Deno.test("a port is shared only when both processes say so", async () => {
  await using alone = await ServerProcess.start();
  const { port } = new URL(alone.url);
  const { code, stderr } = await runMain({ args: [`--port=${port}`], env: SHARED });
  assertEquals(code, 1);
  assertMatch(stderr, new RegExp(`Cannot listen on 127\\.0\\.0\\.1:${port}: .*HOST and PORT`));
});

Deno.test("MCP_REUSE_PORT takes true and false, and nothing else", async () => {
  const { code, stderr } = await runMain({ args: ["--mcp-reuse-port=perhaps"] });
  assertEquals(code, 1);
  assertStringIncludes(stderr, 'MCP_REUSE_PORT="perhaps": ');
  assertStringIncludes(stderr, "expected true or false");
});

Deno.test("MCP_REUSE_PORT without --unstable-net ends the start with 1 and says what is missing", async () => {
  const flags = ["--no-config", "--import-map=deno.json", "--no-lock", "--no-prompt"];
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", ...flags, "--allow-net", "--allow-env", "main.ts", "--port=0"],
    cwd: new URL("../../", import.meta.url),
    env: { ...SHARED, NO_COLOR: "1" },
  }).output();
  const text = new TextDecoder().decode(stderr);
  assertEquals(code, 1, text);
  assertMatch(text, /^\[ERROR\] MCP_REUSE_PORT=true needs .*--unstable-net/m);
});
