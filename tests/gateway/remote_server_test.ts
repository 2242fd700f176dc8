/** Servers elsewhere, each reached in its own revision. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import * as z from "zod";
import type { Protocol } from "../../lib/gateway/handshake.ts";
import type { RemoteLaunch } from "../../lib/gateway/launch.ts";
import { connectRemote } from "../../lib/gateway/remote_server.ts";
import { GatewayServer } from "../../lib/gateway/server.ts";
import { ProtocolError } from "../../lib/base/errors.ts";
import { settlesWithin } from "../../lib/base/promises.ts";
import { createApp, defineTool } from "../../lib/mod.ts";
import { collectGarbage } from "../helpers/garbage.ts";
import { until } from "../helpers/until.ts";

/** Bytes of one message of a server. */
const MAX_BYTES = 100_000;

const TOOLS = [
  defineTool({
    name: "greet",
    description: "Greets",
    input: z.object({ name: z.string() }),
    run: ({ name }, { progress }) => (progress(1, 2, "half"), `Hello ${name}`),
  }),
  defineTool({
    name: "wait",
    description: "Waits until nobody wants the answer",
    input: z.object({}),
    run: (_, { signal }) =>
      new Promise<string>((resolve) => signal.addEventListener("abort", () => resolve("gone"))),
  }),
];

/** A remote server on a socket, and the requests that it received. */
function remote(answer?: (request: Request) => Response | undefined, port = 0) {
  const app = createApp({ tools: TOOLS });
  const requests: { method: string; headers: Headers }[] = [];
  const server = Deno.serve({ port, hostname: "127.0.0.1", onListen: () => {} }, (request) => {
    requests.push({ method: request.method, headers: request.headers });
    return answer?.(request) ?? app.fetch(request, { address: "127.0.0.1" });
  });
  const { port: taken } = server.addr;
  return {
    app,
    requests,
    port: taken,
    url: `http://127.0.0.1:${taken}/mcp`,
    [Symbol.asyncDispose]: async () => {
      app.stop();
      await server.shutdown();
    },
  };
}

function connected(
  { protocol = "auto", ...launch }: Partial<RemoteLaunch> & {
    readonly url: string;
    readonly protocol?: Protocol;
  },
) {
  const server = new GatewayServer({
    name: "far",
    version: "1",
    start: () => connectRemote("far", { headers: {}, transport: "auto", ...launch }, MAX_BYTES),
    limits: { maxLineBytes: MAX_BYTES, maxQueued: 100_000 },
    startMs: 10_000,
    now: () => performance.now(),
    protocol,
  });
  return { server, [Symbol.asyncDispose]: () => server.stop() };
}

const greet = (server: GatewayServer, onProgress?: (params: unknown) => void) =>
  server.request("tools/call", { name: "greet", arguments: { name: "Ada" } }, {
    ...(onProgress !== undefined && { onProgress }),
  });
const LEGACY = "2025-11-25";
const HELLO = [{ type: "text", text: "Hello Ada" }];

const WAYS = [
  { transport: "auto", protocol: "auto", version: "2026-07-28" },
  { transport: "http", protocol: LEGACY, version: LEGACY },
  { transport: "auto", protocol: LEGACY, version: LEGACY },
  { transport: "sse", protocol: "auto", version: undefined },
] as const;

for (const { transport, protocol, version } of WAYS) {
  Deno.test(`a remote server is called by the transport "${transport}" and the protocol "${protocol}", with progress and changes of its lists`, async () => {
    await using far = remote();
    await using near = connected({ url: far.url, transport, protocol });
    const progress: unknown[] = [];
    assertEquals((await greet(near.server, (params) => progress.push(params))).content, HELLO);
    assertEquals(progress, [{ progress: 1, total: 2, message: "half" }]);
    const changes: string[] = [];
    near.server.onNotification = ({ method }) => void changes.push(method);
    // The stream for changes opens after the connection.
    await until(() => far.app.activity().streams > 0);
    far.app.catalog.tools.remove("wait");
    await until(() => changes.length > 0);
    assertEquals(changes, ["notifications/tools/list_changed"]);
    const versions = far.requests.map(({ headers }) => headers.get("mcp-protocol-version"));
    if (version !== undefined) assertEquals(versions.at(-1), version);
  });
}

Deno.test("a server of 2024-11-05 is found by its refusal of the newer transport", async () => {
  await using far = remote((request) =>
    request.method === "POST" && !request.url.includes("connection_id")
      ? new Response("Not found", { status: 404 })
      : undefined
  );
  await using near = connected({ url: far.url });
  assertEquals((await greet(near.server)).content, HELLO);
});

Deno.test("headers of the file are sent with every request, and not to another origin", async () => {
  await using elsewhere = remote();
  await using far = remote((request) =>
    new URL(request.url).pathname === "/moved"
      ? new Response(null, { status: 307, headers: { location: elsewhere.url } })
      : undefined
  );
  const headers = { authorization: "Bearer of the gateway" };
  await using near = connected({ url: far.url, headers });
  await greet(near.server);
  assert(far.requests.length > 0);
  assert(far.requests.every((one) => one.headers.get("authorization") === headers.authorization));
  await using moved = connected({ url: far.url.replace("/mcp", "/moved"), headers });
  await assertRejects(() => moved.server.connect());
  assertEquals(elsewhere.requests, []);
});

Deno.test("a server that cannot be reached is its own failure, and is connected once it is there", async () => {
  const gone = remote();
  const { port, url } = gone;
  await gone[Symbol.asyncDispose]();
  await using near = connected({ url });
  const { message } = await assertRejects(() => near.server.connect());
  assertMatch(message, /The server far .*cannot be reached/);
  await using _back = remote(undefined, port);
  await until(() => near.server.connection !== undefined);
  assertEquals((await greet(near.server)).content, HELLO);
});

Deno.test("a session that the server forgot is opened again, and the next call works", async () => {
  let forgets = false;
  await using far = remote((request) =>
    forgets && request.headers.has("mcp-session-id")
      ? new Response("Session not found", { status: 404 })
      : undefined
  );
  await using near = connected({ url: far.url, transport: "http", protocol: LEGACY });
  await greet(near.server);
  forgets = true;
  const { message } = await assertRejects(() => greet(near.server));
  assertMatch(message, /The server far ended \(it does not know the session any more\)/);
  forgets = false;
  assertEquals((await greet(near.server)).content, HELLO);
  assertEquals(near.server.tally.report().starts, 2);
});

Deno.test("a call is cancelled at the server, and the session is deleted at the end", async () => {
  await using far = remote();
  const near = connected({ url: far.url, protocol: LEGACY });
  await near.server.connect();
  const stop = new AbortController();
  const call = near.server.request("tools/call", { name: "wait", arguments: {} }, {
    signal: stop.signal,
  });
  const settled = assertRejects(() => call, Error, "not wanted");
  await until(() => far.app.activity().requests > 0);
  stop.abort(new Error("not wanted"));
  await settled;
  await until(() => far.app.activity().requests === 0);
  await near[Symbol.asyncDispose]();
  assert(far.requests.some(({ method }) => method === "DELETE"));
  assertEquals(far.app.activity().sessions, 0);
});

/** A body that does not end before it is cancelled. */
function endless(begin: string, onCancel: () => void): ReadableStream<Uint8Array> {
  const block = new TextEncoder().encode("x".repeat(10_000));
  let isFirst = true;
  return new ReadableStream({
    async pull(controller) {
      // The reader gets time to cancel.
      await new Promise((resolve) => setTimeout(resolve));
      controller.enqueue(isFirst ? new TextEncoder().encode(begin) : block);
      isFirst = false;
    },
    cancel: onCancel,
  });
}

for (
  const [kind, type, begin] of [
    ["a JSON answer", "application/json", '{"jsonrpc":"2.0","id":"'],
    ["an event", "text/event-stream", "event: message\ndata: "],
  ] as const
) {
  Deno.test(`${kind} of a remote server that does not end is cut off`, async () => {
    const cancelled = Promise.withResolvers<void>();
    await using far = remote((request) =>
      request.method === "POST"
        ? new Response(endless(begin, cancelled.resolve), { headers: { "content-type": type } })
        : undefined
    );
    await using near = connected({ url: far.url, transport: "http", protocol: LEGACY });
    const { message } = await assertRejects(() => near.server.connect(), Error);
    assertMatch(message, new RegExp(`a message of more than ${MAX_BYTES} bytes`));
    await cancelled.promise;
  });
}

Deno.test("a stream of a remote server may be longer than one message may be", async () => {
  await using far = remote();
  await using near = connected({ url: far.url, transport: "http" });
  const text = "x".repeat(MAX_BYTES / 2);
  far.app.catalog.tools.add(defineTool({
    name: "speak",
    description: "Says much, in several messages",
    input: z.object({}),
    run: async (_, { progress }) => {
      for (let n = 1; n <= 4; n++) {
        progress(n, 4, text);
        await new Promise((resolve) => setTimeout(resolve));
      }
      return "said";
    },
  }));
  let heard = 0;
  const onProgress = () => void heard++;
  await near.server.connect();
  const { content } = await near.server.request("tools/call", { name: "speak", arguments: {} }, {
    onProgress,
  });
  assertEquals(content, [{ type: "text", text: "said" }]);
  assert(heard > 2, `${heard}`);
});

Deno.test("a call to a server of 2026-07-28 is cancelled by the end of its stream, also after garbage was collected", async () => {
  await using far = remote();
  await using near = connected({ url: far.url });
  await near.server.connect();
  const stop = new AbortController();
  const call = near.server.request("tools/call", { name: "wait", arguments: {} }, {
    signal: stop.signal,
  });
  const settled = assertRejects(() => call, Error, "not wanted");
  const isRunning = () => far.requests.some((one) => one.headers.get("mcp-name") === "wait");
  await until(() => isRunning() && far.app.activity().streams > 1);
  await collectGarbage();
  stop.abort(new Error("not wanted"));
  await settled;
  await until(() => far.app.activity().streams === 1);
  assertEquals((await greet(near.server)).content, HELLO);
});

Deno.test("a server of 2026-07-28 gets the headers of a tool that repeat its arguments, and its errors pass", async () => {
  await using far = remote();
  far.app.catalog.tools.add(defineTool({
    name: "regional",
    description: "Knows its region",
    input: z.object({ region: z.string().meta({ "x-mcp-header": "Region" }) }),
    run: ({ region }) => region,
  }));
  await using near = connected({ url: far.url });
  const { upstream } = await near.server.connect();
  await upstream.request("tools/list");
  const params = { name: "regional", arguments: { region: "Ørsta" } };
  const { content } = await near.server.request("tools/call", params);
  assertEquals(content, [{ type: "text", text: "Ørsta" }]);
  const error = await assertRejects(
    () => near.server.request("tools/call", { name: "nobody" }),
    ProtocolError,
  );
  assertEquals(error.kind, "invalid_params");
  assertMatch(error.message, /^Unknown tool: nobody/);
});

Deno.test("the stream of changes of a server of 2026-07-28 is opened again after its end, and the lists are read anew", async () => {
  await using far = remote();
  await using near = connected({ url: far.url });
  const changes: string[] = [];
  near.server.onNotification = ({ method }) => void changes.push(method);
  await near.server.connect();
  await until(() => far.app.activity().streams === 1);
  for (const { id } of [...far.app.connections.streams()]) far.app.connections.close(id);
  await until(() => changes.length === 3);
  await until(() => far.app.activity().streams === 1);
  assertEquals(changes.toSorted(), [
    "notifications/prompts/list_changed",
    "notifications/resources/list_changed",
    "notifications/tools/list_changed",
  ]);
});

Deno.test("a server without 2026-07-28 is asked for it once, whatever its refusal", async () => {
  for (const status of [200, 400, 404, 405]) {
    const discoveries: string[] = [];
    await using far = remote((request) => {
      if (request.headers.get("mcp-method") !== "server/discover") return undefined;
      discoveries.push(request.url);
      return status === 200
        ? Response.json({ jsonrpc: "2.0", id: 1, error: { code: -32601, message: "No" } })
        : new Response("No", { status });
    });
    await using near = connected({ url: far.url });
    assertEquals((await greet(near.server)).content, HELLO);
    assertEquals([status, discoveries.length], [status, 1]);
    assert(far.requests.some(({ headers }) => headers.has("mcp-session-id")));
  }
});

Deno.test("the query and the user of a remote server's URL are in no error", async () => {
  const closed = remote();
  await closed[Symbol.asyncDispose]();
  const url = `http://ada:hunter2@127.0.0.1:${closed.port}/mcp?key=hunter2`;
  await using near = connected({ url, transport: "http" });
  const { message } = await assertRejects(() => near.server.connect(), Error);
  assertMatch(message, /cannot be reached.*http:\/\/127\.0\.0\.1:\d+\/mcp\?…/);
  assert(!message.includes("hunter2"), message);
});

Deno.test("an event stream of a remote server that floods ends with the connection", async () => {
  const event = 'data: {"jsonrpc":"2.0","method":"notifications/message","params":' +
    '{"level":"info","data":"nobody has asked for this"}}\n\n';
  const block = new TextEncoder().encode(event.repeat(500));
  const cancelled = Promise.withResolvers<void>();
  let sent = 0;
  const flood = () =>
    new ReadableStream<Uint8Array>({
      async pull(controller) {
        await new Promise((resolve) => setTimeout(resolve));
        sent++;
        controller.enqueue(block);
      },
      cancel: () => cancelled.resolve(),
    });
  await using far = remote((request) =>
    request.method === "GET"
      ? new Response(flood(), { headers: { "content-type": "text/event-stream" } })
      : undefined
  );
  await using near = connected({ url: far.url, transport: "http", protocol: LEGACY });
  await near.server.connect();
  await until(() => sent > 20);
  await near.server.stop();
  await cancelled.promise;
  // The last pull ends.
  await new Promise((resolve) => setTimeout(resolve, 10));
});

for (const transport of ["http", "sse", "auto"] as const) {
  Deno.test(`a remote server that never answers is ended at once, by the transport "${transport}"`, async () => {
    const asked = Promise.withResolvers<void>();
    const server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen: () => {} },
      ({ signal }) => {
        asked.resolve();
        return new Promise((resolve) => {
          signal.addEventListener("abort", () => resolve(new Response()));
        });
      },
    );
    const url = `http://127.0.0.1:${server.addr.port}/mcp`;
    const silent = connectRemote("far", { url, headers: {}, transport }, MAX_BYTES);
    const initialize = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}\n`;
    await silent.input.getWriter().write(new TextEncoder().encode(initialize));
    await asked.promise;
    assert(await settlesWithin(20_000, silent.end()));
    await server.shutdown();
  });
}
