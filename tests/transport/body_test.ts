/** Bodies that are too large, too slow, of another type, or no JSON-RPC: refused before any stream opens. */
import { assert, assertEquals, assertGreater, assertLessOrEqual, assertMatch } from "@std/assert";
import { defineTool } from "../../lib/registry/tool.ts";
import { PLAIN_HEADERS, rpc, type TestApp, testApp, toolCall } from "../helpers/app.ts";
import { FakeTime, settled } from "../helpers/time.ts";
import { HeldTool } from "../helpers/tools.ts";

const LIMIT = 4_096;

/** A chunked body of which the test knows how much was taken. */
class ChunkedBody {
  taken = 0;
  wasCancelled = false;
  readonly stream: ReadableStream<Uint8Array>;

  constructor(chunks: Iterable<string>) {
    const rest = chunks[Symbol.iterator]();
    this.stream = new ReadableStream({
      pull: (controller) => {
        const { done, value } = rest.next();
        if (done) return controller.close();
        this.taken += value.length;
        controller.enqueue(new TextEncoder().encode(value));
      },
      cancel: () => void (this.wasCancelled = true),
    }, { highWaterMark: 0 });
  }
}

function* endless(chunk: string): Generator<string> {
  while (true) yield chunk;
}

function postStream(
  app: TestApp,
  body: ReadableStream<Uint8Array>,
  headers: Record<string, string> = PLAIN_HEADERS,
): Promise<Response> {
  return app.request("/mcp/sse", { method: "POST", headers, body });
}

async function assertRefused(response: Response, status: number, says: RegExp): Promise<void> {
  assertEquals(response.status, status);
  assertEquals(response.headers.get("content-type"), "application/json");
  const { jsonrpc, error, id } = await response.json();
  assertEquals([jsonrpc, id], ["2.0", null]);
  assert(Number.isInteger(error.code));
  assertMatch(error.message, says);
}

Deno.test("413: a body that declares too many bytes is refused before any of it is read", async () => {
  using app = testApp({ settings: { MCP_MAX_BODY_BYTES: LIMIT } });
  const body = new ChunkedBody(endless("x".repeat(100)));
  const headers = { ...PLAIN_HEADERS, "content-length": String(LIMIT + 1) };
  const response = await postStream(app, body.stream, headers);
  assertEquals(response.headers.get("connection"), "close");
  await assertRefused(response, 413, /larger than 4096 bytes \(MCP_MAX_BODY_BYTES\)/);
  assertEquals([body.taken, app.ledger().opened], [0, 0]);
});

Deno.test("413: a chunked body without end is read up to the limit and no further", async () => {
  using app = testApp({ settings: { MCP_MAX_BODY_BYTES: LIMIT } });
  const body = new ChunkedBody(endless("x".repeat(100)));
  await assertRefused(await postStream(app, body.stream), 413, /MCP_MAX_BODY_BYTES/);
  assertLessOrEqual(body.taken, LIMIT + 100);
  await settled();
  assertEquals([body.wasCancelled, app.ledger().opened], [true, 0]);
});

Deno.test("a body of exactly the limit is taken, chunked or declared", async () => {
  using app = testApp({ settings: { MCP_MAX_BODY_BYTES: LIMIT } });
  const message = JSON.stringify(rpc("ping"));
  const text = message + " ".repeat(LIMIT - message.length);
  const headers = { ...PLAIN_HEADERS, accept: "application/json" };
  const chunked = await postStream(app, new ChunkedBody([text]).stream, headers);
  assertEquals((await chunked.json()).result, {});
  const declared = await app.post("/mcp/sse", text, { "content-length": String(LIMIT) });
  assertEquals((await declared.json()).result, {});
});

Deno.test("the limit counts bytes, not characters", async () => {
  using app = testApp({ settings: { MCP_MAX_BODY_BYTES: LIMIT } });
  const text = JSON.stringify(rpc("ping", { text: "ä".repeat(LIMIT / 2) }));
  assertLessOrEqual(text.length, LIMIT);
  await assertRefused(await postStream(app, new ChunkedBody([text]).stream), 413, /bytes/);
});

Deno.test("a body cut in the middle of a character is put together again", async () => {
  using app = testApp();
  const bytes = new TextEncoder().encode(JSON.stringify(rpc("ping", {}, "ä€😀")));
  const stream = ReadableStream.from([...bytes].map((byte) => new Uint8Array([byte])));
  const response = await postStream(app, stream, { ...PLAIN_HEADERS, accept: "application/json" });
  assertEquals((await response.json()).id, "ä€😀");
});

Deno.test("400: a body that ends within a character is no JSON, though all before it is", async () => {
  using app = testApp();
  const bytes = [...new TextEncoder().encode(JSON.stringify(rpc("ping"))), 0xc3];
  const cut = new Uint8Array(bytes);
  await assertRefused(await postStream(app, ReadableStream.from([cut])), 400, /JSON/);
  const headers = { "content-type": "application/json", "content-length": String(cut.length) };
  const declared = await app.request("/mcp", { method: "POST", headers, body: cut });
  await assertRefused(declared, 400, /JSON/);
});

for (
  const type of [
    "text/plain",
    "application/x-www-form-urlencoded",
    "application/json; charset=iso-8859-1",
    "application/jsonp",
    "multipart/form-data; boundary=x",
  ]
) {
  Deno.test(`415: a body of type ${type} is refused, with what would be right`, async () => {
    using app = testApp();
    const response = await app.post("/mcp/sse", rpc("ping"), {
      ...PLAIN_HEADERS,
      "content-type": type,
    });
    await assertRefused(response, 415, /application\/json/);
    assertEquals(app.ledger().opened, 0);
  });
}

Deno.test("415: a body that is compressed is refused, and told to come as it is", async () => {
  using app = testApp();
  const zipped = await new Response(
    new Blob([JSON.stringify(rpc("ping"))]).stream().pipeThrough(new CompressionStream("gzip")),
  ).bytes();
  for (const length of [{}, { "content-length": String(zipped.length) }]) {
    const response = await app.request("/mcp", {
      method: "POST",
      headers: { "content-type": "application/json", "content-encoding": "gzip", ...length },
      body: zipped,
    });
    assertEquals(response.status, 415);
    assertEquals(response.headers.get("accept-encoding"), "identity");
    assertMatch((await response.json()).error.message, /"gzip".*without Content-Encoding/);
  }
});

Deno.test("415: a body without a type is refused", async () => {
  using app = testApp();
  const body = new TextEncoder().encode(JSON.stringify(rpc("ping")));
  const response = await app.request("/mcp/sse", {
    method: "POST",
    headers: { accept: "text/event-stream" },
    body,
  });
  await assertRefused(response, 415, /\(none\)/);
});

Deno.test("408: a body that does not arrive in time is refused, and its reading stopped", async () => {
  using time = new FakeTime();
  const settings = { MCP_BODY_TIMEOUT_MS: 16_000 };
  using app = testApp({ settings, wheel: { clock: time.clock } });
  let wasCancelled = false;
  const slow = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new TextEncoder().encode('{"jsonrpc"')),
    cancel: () => void (wasCancelled = true),
  });
  let status: number | undefined;
  const answering = postStream(app, slow).then((response) => {
    ({ status } = response);
    return response;
  });
  await time.advance(15_900);
  assertEquals(status, undefined);
  await time.advance(1_300);
  const response = await answering;
  assertEquals(response.headers.get("connection"), "close");
  await assertRefused(response, 408, /within 16000 ms \(MCP_BODY_TIMEOUT_MS\)/);
  assertEquals([wasCancelled, app.ledger().opened], [true, 0]);
  await time.advance(2_000);
  assertEquals(app.wheel.size, 0);
});

Deno.test("408: a body that drips goes on too long as well, and others beside it are not held up", async () => {
  using time = new FakeTime();
  const settings = { MCP_BODY_TIMEOUT_MS: 16_000 };
  using app = testApp({ settings, wheel: { clock: time.clock } });
  const drip = new TransformStream<Uint8Array, Uint8Array>();
  const writer = drip.writable.getWriter();
  const answering = postStream(app, drip.readable);
  for (let second = 0; second < 16; second++) {
    void writer.write(new TextEncoder().encode(" ")).catch(() => {});
    await time.advance(1_000);
    const quick = await app.post("/mcp", rpc("ping"), { accept: "application/json" });
    assertEquals((await quick.json()).result, {});
  }
  await time.advance(1_200);
  await assertRefused(await answering, 408, /MCP_BODY_TIMEOUT_MS/);
});

Deno.test("a message whose body was late is not taken when it comes after all", async () => {
  using time = new FakeTime();
  let runs = 0;
  const tool = defineTool({ name: "count", description: "Counts", run: () => String(++runs) });
  const settings = { MCP_BODY_TIMEOUT_MS: 16_000 };
  using app = testApp({ tools: [tool], settings, wheel: { clock: time.clock } });
  const text = JSON.stringify(toolCall("count", {}));
  const headers = { "content-type": "application/json", "content-length": String(text.length) };
  const pipe = new TransformStream<Uint8Array, Uint8Array>();
  const answering = app.request("/mcp", { method: "POST", headers, body: pipe.readable });
  await time.advance(17_200);
  await assertRefused(await answering, 408, /MCP_BODY_TIMEOUT_MS/);
  const writer = pipe.writable.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
  await settled();
  assertEquals(runs, 0);
});

Deno.test("400: a body that breaks off is refused, and its error told to nobody", async () => {
  using app = testApp();
  const broken = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.error(new Error("connection reset at 10.0.0.7")),
  });
  const response = await postStream(app, broken);
  await assertRefused(response, 400, /^The body could not be read to its end$/);
  assertEquals(app.ledger().opened, 0);
});

for (
  const [name, body, code] of [
    ["no JSON", "{", -32700],
    ["blanks", "  ", -32700],
    ["an empty batch", "[]", -32600],
    ["a batch", '[{"jsonrpc":"2.0","id":1,"method":"ping"}]', -32600],
    ["a number", "1", -32600],
    ["another protocol", '{"jsonrpc":"1.0","id":1,"method":"ping"}', -32600],
    ["a null id", '{"jsonrpc":"2.0","id":null,"method":"ping"}', -32600],
    ["an object id", '{"jsonrpc":"2.0","id":{},"method":"ping"}', -32600],
    ["an id too large", '{"jsonrpc":"2.0","id":9007199254740993,"method":"ping"}', -32600],
    ["params that are a list", '{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}', -32602],
    ["65 levels", `${"[".repeat(65)}${"]".repeat(65)}`, -32600],
  ] as const
) {
  Deno.test(`400: a first body that is ${name} gets ${code} before any stream opens`, async () => {
    using app = testApp();
    // A body of declared length is read another way than a chunked one.
    for (const length of [{}, { "content-length": String(body.length) }]) {
      const response = await app.post("/mcp/sse", body, { ...PLAIN_HEADERS, ...length });
      assertEquals(response.status, 400);
      assertEquals(response.headers.get("content-type"), "application/json");
      const { error } = await response.json();
      assertEquals(error.code, code);
    }
    const { opened, refused } = app.ledger();
    assertEquals([opened, Object.values(refused).reduce((sum, count) => sum + count)], [0, 0]);
  });
}

Deno.test("400: the id of a refused message is told where it could be read", async () => {
  using app = testApp();
  const body = { jsonrpc: "2.0", id: "mine", method: "ping", params: [] };
  const response = await app.post("/mcp/sse", body, PLAIN_HEADERS);
  assertEquals([response.status, (await response.json()).id], [400, "mine"]);
});

const LONG = "x".repeat(20_000);

Deno.test("a large body counts until its request has ended, and no longer", async () => {
  const held = new HeldTool();
  using app = testApp({ tools: [held.tool] });
  const { bodies } = app.registry.admission;
  const answering = app.post("/mcp", toolCall("held", { other: LONG }), {
    accept: "application/json",
  });
  const call = await held.next();
  assertGreater(bodies.total, LONG.length);
  call.finish("done");
  await (await answering).text();
  assertEquals(bodies.total, 0);
});

Deno.test("a large body that is posted to an open stream counts until its call has ended", async () => {
  const held = new HeldTool();
  using app = testApp({ tools: [held.tool] });
  const { bodies } = app.registry.admission;
  const client = await app.open();
  await client.send(toolCall("held", { other: LONG }));
  const call = await held.next();
  assertGreater(bodies.total, LONG.length);
  call.finish("done");
  await client.events.nextNamed("response");
  assertEquals(bodies.total, 0);
  await client.events.leave();
});

Deno.test("a large body that opens a stream counts no longer than its request runs", async () => {
  using app = testApp();
  const client = await app.open(rpc("ping", { other: LONG }));
  await client.events.nextNamed("response");
  assertEquals(app.registry.admission.bodies.total, 0);
  await client.events.leave();
});

for (
  const [name, body, status] of [
    ["that is no JSON", `${LONG}`, 400],
    ["that is no message", JSON.stringify([LONG]), 400],
    ["that is too large", `"${"x".repeat(50_000)}"`, 413],
  ] as const
) {
  for (const isChunked of [true, false]) {
    Deno.test(`a large ${isChunked ? "chunked " : ""}body ${name} leaves nothing counted`, async () => {
      using app = testApp({ settings: { MCP_MAX_BODY_BYTES: 40_000 } });
      const headers = { ...PLAIN_HEADERS, "content-length": String(body.length) };
      const response = isChunked
        ? await postStream(app, new ChunkedBody([body.slice(0, 9_000), body.slice(9_000)]).stream)
        : await app.post("/mcp/sse", body, headers);
      await response.body?.cancel();
      assertEquals([response.status, app.registry.admission.bodies.total], [status, 0]);
    });
  }
}

Deno.test("a large body that is late leaves nothing counted", async () => {
  using time = new FakeTime();
  using app = testApp({
    settings: { MCP_BODY_TIMEOUT_MS: 16_000 },
    wheel: { clock: time.clock },
  });
  const silent = new ReadableStream<Uint8Array>();
  const headers = { ...PLAIN_HEADERS, "content-length": "30000" };
  const answering = postStream(app, silent, headers);
  await settled();
  assertEquals(app.registry.admission.bodies.total, 30_000);
  await time.advance(17_200);
  assertEquals((await answering).status, 408);
  await settled();
  assertEquals(app.registry.admission.bodies.total, 0);
});

Deno.test("no large body is read while the heap is full, whatever it is for", async () => {
  using app = testApp({ heap: () => ({ used: 99, limit: 100 }) });
  for (
    const [path, headers] of [
      ["/mcp", {}],
      ["/mcp", { "mcp-session-id": "any" }],
      ["/mcp/sse", { "mcp-connection-id": "any" }],
      ["/mcp", { "mcp-protocol-version": "2026-07-28" }],
    ] as const
  ) {
    for (const length of [{ "content-length": "30000" }, {}]) {
      const body = new ChunkedBody(endless("x".repeat(1_000)));
      const response = await app.request(path, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers, ...length },
        body: body.stream,
      });
      await assertRefused(response, 503, /MCP_MAX_HEAP_PERCENT/);
      assertLessOrEqual(body.taken, "content-length" in length ? 0 : 18_000);
    }
  }
});
