/** The real server is killed in the middle of a session and started again on the same port. */
import { assertEquals, assertRejects } from "@std/assert";
import { CuttingProxy } from "../helpers/cutting_proxy.ts";
import { ServerProcess } from "../helpers/process.ts";
import { settled } from "../helpers/time.ts";
import { ClientTimers } from "./client_timers.ts";
import { Inbox, type OfficialClient, type Target } from "./official_client.ts";
import { connectV1 } from "./sdk_v1.ts";
import { connectV2 } from "./sdk_v2.ts";

const KEY = { MCP_SESSION_KEY: "a key that both servers were given long enough" };
const OTHER_KEY = { MCP_SESSION_KEY: "some other key that is long enough as well" };

type Connect = (target: Target) => Promise<OfficialClient>;
const SESSIONS: readonly (readonly [string, Connect])[] = [
  ["SDK 1.x", (target) => connectV1("http", target)],
  ["client 2.x", (target) => connectV2({ mode: "legacy", transport: "http" }, target)],
];

/** Kills the server without warning and starts another one on its port. */
async function restart(server: ServerProcess, env: Record<string, string>): Promise<ServerProcess> {
  const { port } = server;
  await server.stop("SIGKILL");
  return await ServerProcess.start({ env, args: [`--port=${port}`] });
}

function endpointOf({ base }: ServerProcess): URL {
  return new URL("/mcp", base);
}

async function sumOf(client: OfficialClient): Promise<unknown> {
  return (await client.call("add", { a: 1, b: 2 })).structured;
}

for (const [name, connect] of SESSIONS) {
  Deno.test(`${name}: the next call after a restart with the same key succeeds`, async () => {
    using _timers = new ClientTimers();
    await using before = await ServerProcess.start({ env: KEY });
    await using client = await connect({ url: endpointOf(before) });
    assertEquals(await sumOf(client), { sum: 3 });
    await using _after = await restart(before, KEY);
    assertEquals(await sumOf(client), { sum: 3 });
  });

  Deno.test(`${name}: after a restart with another key the client says that its session is gone`, async () => {
    using _timers = new ClientTimers();
    await using before = await ServerProcess.start({ env: KEY });
    await using client = await connect({ url: endpointOf(before) });
    await using _after = await restart(before, OTHER_KEY);
    await assertRejects(() => sumOf(client), Error, "Session not found");
  });

  Deno.test(`${name}: a call that a restart cuts ends in an error that says so`, async () => {
    using _timers = new ClientTimers();
    await using before = await ServerProcess.start({ env: KEY });
    await using proxy = new CuttingProxy(before.base);
    await using client = await connect({ url: new URL("/mcp", proxy.origin) });
    const { promise: started, resolve: start } = Promise.withResolvers<void>();
    const call = client.call("countdown", { from: 1_000, interval_ms: 10 }, {
      onProgress: () => start(),
    });
    await started;
    // The client tries only twice to come back, so it finds the server when that is up again.
    proxy.hold();
    const failed = assertRejects(
      () => call,
      Error,
      "gone and cannot be replayed. Its outcome is unknown",
    );
    await using _after = await restart(before, KEY);
    proxy.letGo();
    await failed;
    assertEquals(await sumOf(client), { sum: 3 });
  });
}

Deno.test("client 2.x, pinned to 2026-07-28: a restart needs no key", async () => {
  using _timers = new ClientTimers();
  await using before = await ServerProcess.start();
  await using client = await connectV2(
    { mode: "pinned", transport: "http" },
    { url: endpointOf(before) },
  );
  await using _after = await restart(before, {});
  assertEquals(await sumOf(client), { sum: 3 });
});

/** A `fetch` that tells when the first bytes of an event stream have been read. */
function fetchWithSpy(began: Inbox<void>): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, init);
    if (response.headers.get("content-type") !== "text/event-stream") return response;
    let isFirst = true;
    const tap = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        controller.enqueue(chunk);
        if (isFirst) began.put();
        isFirst = false;
      },
    });
    return new Response(response.body?.pipeThrough(tap), response);
  };
}

Deno.test("SDK 1.x, SSE: the next call succeeds once the client has come back by itself", async () => {
  using _timers = new ClientTimers();
  await using before = await ServerProcess.start();
  const began = new Inbox<void>();
  const url = new URL("/mcp/sse", before.base);
  await using client = await connectV1("sse", { url, fetch: fetchWithSpy(began) });
  await began.take();
  await using _after = await restart(before, {});
  await began.take();
  await settled();
  assertEquals(await sumOf(client), { sum: 3 });
});
