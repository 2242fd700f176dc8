import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import * as z from "zod";
import { RegistrationError } from "../../lib/base/errors.ts";
import { defineTool } from "../../lib/registry/tool.ts";
import { BUILT_IN_TOOLS } from "../../lib/tools/mod.ts";
import { eachRevision } from "./support/each_revision.ts";
import { specApp } from "./support/fixtures.ts";
import type { Message } from "./support/inbox.ts";
import { connect, connectStreamable } from "./support/legacy_client.ts";
import { assertSchema } from "./support/json_schema.ts";
import { TRUSTING } from "./support/tour.ts";

/** Text that would become two more events if it were written unchanged. */
const FORGED = 'x\n\nevent: message\ndata: {"forged":true}\n\r\n\rdata: {"forged":true}\u2028\n\n';

Deno.test("a tool never sees arguments that do not match its schema", async (t) => {
  const wrong = [undefined, {}, { n: "1" }, { n: 1.5 }, { n: null }, { m: 1 }, { n: [1] }];
  await eachRevision(t, {}, async (app, client) => {
    const seen: unknown[] = [];
    app.catalog.tools.add(defineTool({
      name: "strict",
      description: "Takes an integer",
      input: z.object({ n: z.int() }),
      run: (input) => (seen.push(input), "seen"),
    }));
    for (const args of wrong) {
      const { result } = await client.request("tools/call", { name: "strict", arguments: args });
      assertEquals([result.isError, result.content[0].text.includes("n:")], [true, true]);
    }
    const { error } = await client.request("tools/call", { name: "strict", arguments: [1] });
    assertEquals([error.code, seen], [-32602, []]);
    await client.request("tools/call", { name: "strict", arguments: { n: 1 } });
    assertEquals(seen, [{ n: 1 }]);
  });
});

Deno.test("a structured result matches the output schema, or is an error", async (t) => {
  await eachRevision(t, {}, async (_app, client) => {
    const call = async (celsius: unknown) =>
      (await client.request("tools/call", { name: "measure", arguments: { celsius } })).result;
    const right = await call(20.5);
    assertEquals([right.structuredContent, right.isError], [{ celsius: 20.5 }, undefined]);
    for (const celsius of ["hot", null, {}]) {
      const { isError, structuredContent } = await call(celsius);
      assertEquals([isError, structuredContent], [true, undefined]);
    }
  });
});

Deno.test("a tool that throws shows its message and no stack", async (t) => {
  await eachRevision(t, {}, async (_app, client) => {
    const { result } = await client.request("tools/call", { name: "fail" });
    assertEquals(result, { content: [{ type: "text", text: "Disk is full" }], isError: true });
  });
});

Deno.test("a tool's text cannot write events of its own into the stream", async (t) => {
  await eachRevision(t, {}, async (_app, client) => {
    const before = client.inbox.messages.length;
    const params = { name: "echo", arguments: { message: FORGED } };
    const call = { jsonrpc: "2.0", id: "call", method: "tools/call", params };
    await client.take(await client.post(call, { accept: "text/event-stream" }));
    const { result } = await client.inbox.response("call");
    assertEquals(result.content[0].text, FORGED);
    assertEquals(client.inbox.messages.length, before + 1);
  });
});

Deno.test("a tool whose content is not the protocol's is an error that names the fault", async () => {
  const wrong: [content: unknown, fault: string][] = [
    [{ type: "text" }, "[0] has no text"],
    [{ type: "video", data: "" }, '[0] has the type "video"'],
    [{ type: "image", data: "not base64!", mimeType: "image/png" }, "[0] has data that is not"],
    [{ type: "image", data: "AAA", mimeType: "image/png" }, "[0] has data that is not base64"],
    [{ type: "audio", data: "AAAA", mimeType: "wav" }, "[0] has no MIME type"],
    [{ type: "resource", resource: { uri: "test://x" } }, "[0] holds a resource with neither"],
    [{ type: "resource_link", name: "x" }, "[0] has no URI"],
    ["text", "[0] is not a content block"],
  ];
  using app = specApp();
  for (const [index, [content]] of wrong.entries()) {
    app.catalog.tools.add(defineTool({
      name: `wrong_${index}`,
      description: "Gives wrong content",
      run: () => ({ content: [content as never] }),
    }));
  }
  await using client = await connect(app);
  for (const [index, [, fault]] of wrong.entries()) {
    const { result } = await client.request("tools/call", { name: `wrong_${index}` });
    assertEquals(result.isError, true, fault);
    assertStringIncludes(result.content[0].text, `Content of tool wrong_${index} ${fault}`);
  }
});

Deno.test("a tool learns who calls", async () => {
  using app = specApp();
  const response = await app.request("/mcp", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "who" } }),
  }, { address: "192.0.2.7", principal: "ada" });
  const caller = JSON.parse((await response.json()).result.content[0].text);
  assertEquals(caller, { address: "192.0.2.7", principal: "ada" });
});

Deno.test("a tool learns who calls from the connection, never from the session", async () => {
  using app = specApp();
  const ada = { address: "192.0.2.7", principal: "ada" };
  await using client = await connectStreamable(app, { peer: ada });
  const body = JSON.stringify({
    jsonrpc: "2.0",
    id: 1,
    method: "tools/call",
    params: { name: "who" },
  });
  const as = (peer: { address: string; principal?: string }) =>
    app.request("/mcp", {
      method: "POST",
      headers: { ...client.headers, "content-type": "application/json" },
      body,
    }, peer);
  for (const other of [{ ...ada, principal: "eve" }, { address: ada.address }]) {
    const refused = await as(other);
    assertEquals(refused.status, 404, "a session of somebody else's tells nothing");
    await refused.body?.cancel();
  }
  const moved = await (await as({ ...ada, address: "192.0.2.8" })).json();
  const caller = JSON.parse(moved.result.content[0].text);
  assertEquals([caller.address, caller.principal], ["192.0.2.8", "ada"]);
});

Deno.test("a call that asks for a task is answered as an ordinary call", async () => {
  using app = specApp();
  await using client = await connect(app);
  assertEquals(client.welcome.capabilities.tasks, undefined);
  const params = { name: "echo", arguments: { message: "now" }, task: { ttl: 60_000 } };
  const { result } = await client.request("tools/call", params);
  assertEquals(result, { content: [{ type: "text", text: "now" }] });
});

Deno.test("every tool has an inputSchema of type object, also without arguments", async (t) => {
  await eachRevision(t, {}, async (_app, client) => {
    const { result } = await client.request("tools/list");
    assert(result.tools.some((tool: Message) => tool.name === "roots"));
    for (const { name, inputSchema } of result.tools) {
      assertEquals(inputSchema?.type, "object", name);
    }
  });
});

Deno.test("every schema that is listed is JSON Schema 2020-12", async () => {
  using app = specApp();
  app.catalog.tools.add(defineTool({
    name: "rich",
    description: "Has a schema with much in it",
    input: z.object({
      kind: z.enum(["a", "b"]),
      list: z.array(z.object({ n: z.int().min(0).max(9) })).max(3),
      either: z.union([z.string().regex(/^x/), z.null()]),
      tagged: z.discriminatedUnion("t", [
        z.object({ t: z.literal("x") }),
        z.object({ t: z.literal("y"), v: z.boolean().default(true) }),
      ]),
      pair: z.tuple([z.string(), z.number()]),
      map: z.record(z.string(), z.email()),
    }),
    output: z.object({ at: z.iso.datetime() }),
    run: () => ({ at: "2026-01-01T00:00:00Z" }),
  }));
  await using client = await connect(app, TRUSTING);
  const { result } = await client.request("tools/list");
  for (const { inputSchema, outputSchema } of result.tools) {
    assertSchema(inputSchema);
    if (outputSchema !== undefined) assertSchema(outputSchema);
  }
  await client.request("tools/call", { name: "ask" });
  assertSchema((await client.inbox.method("elicitation/create")).params.requestedSchema);
});

Deno.test("a tool whose schema JSON Schema cannot express cannot be served", () => {
  const unspeakable = [z.bigint(), z.date(), z.map(z.string(), z.string()), z.symbol()];
  for (const field of unspeakable) {
    const input = z.object({ field });
    const define = () => defineTool({ name: "odd", description: "Odd", input, run: () => "" });
    assertThrows(define, RegistrationError, 'tool "odd"');
  }
  const define = () =>
    defineTool({ name: "odd", description: "Odd", input: z.string(), run: () => "" });
  assertThrows(define, RegistrationError, "must be a z.object()");
});

Deno.test("serving and calling tools fetches nothing from the network", async () => {
  const asked: string[] = [];
  const { fetch } = globalThis;
  globalThis.fetch = (input) => {
    asked.push(String(input));
    return Promise.reject(new TypeError("No network in this test"));
  };
  try {
    using app = specApp();
    app.catalog.tools.add(defineTool({
      name: "refers",
      description: "Has a schema that refers to the network",
      input: z.object({ x: z.string() }).meta({ $ref: "https://example.com/schema.json" }),
      run: ({ x }) => x,
    }));
    await using client = await connect(app);
    await client.request("tools/list");
    await client.request("tools/call", { name: "refers", arguments: { x: "y" } });
  } finally {
    globalThis.fetch = fetch;
  }
  assertEquals(asked, []);
});

Deno.test("no built-in tool asks the client for anything", async () => {
  using app = specApp();
  await using client = await connect(app, TRUSTING);
  const args: Record<string, Record<string, unknown>> = {
    echo: { message: "x" },
    add: { a: 1, b: 2 },
    countdown: { from: 1, interval_ms: 10 },
  };
  for (const { name } of BUILT_IN_TOOLS) {
    const { result } = await client.request("tools/call", { name, arguments: args[name] ?? {} });
    assertEquals(result.isError, undefined, name);
  }
  const asked = client.inbox.messages.filter((message) => message.method && "id" in message);
  assertEquals(asked, []);
});
