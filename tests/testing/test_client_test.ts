/** The client in memory that the authors of tools test with, in every era. */
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { createApp, defineTool, ProtocolError } from "../../lib/mod.ts";
import { RpcError, testClient, TestTime } from "../../lib/testing.ts";
import { greet, offer, WAYS } from "./offer.ts";

for (const [name, way] of WAYS) {
  Deno.test(`${name}: a test client calls, lists, reads and prompts`, async () => {
    const app = offer();
    await using client = await testClient(app, way);
    assertEquals(await client.call("greet", { name: "Ada" }), {
      content: [{ type: "text", text: "Hello Ada" }],
    });
    const names = (list: { name: string }[]) => list.map(({ name }) => name);
    assertEquals(names(await client.list("tools")), ["greet", "work", "book", "mirrored"]);
    assertEquals(names(await client.list("resources")), ["motto"]);
    assertEquals(names(await client.list("resourceTemplates")), ["user"]);
    assertEquals(names(await client.list("prompts")), ["review"]);
    const { contents } = await client.read("lifeline://motto");
    assertEquals(contents.map((one) => "text" in one && one.text), ["Still here"]);
    assertEquals((await client.read("users://ü")).contents.length, 1);
    const { messages } = await client.prompt("review", { code: "x" });
    assertEquals(messages[0]?.content, { type: "text", text: "Review x" });
    const { content } = await client.call("mirrored", { region: "Köln" });
    assertEquals(content, [{ type: "text", text: "Köln" }]);
  });

  Deno.test(`${name}: a test client collects progress and log messages`, async () => {
    await using client = await testClient(offer(), way);
    await client.call("work");
    assertEquals(client.progress, [
      { progress: 1, total: 2, message: "half" },
      { progress: 2, total: 2 },
    ]);
    assertEquals(client.logs, [{ level: "debug", logger: "worker", data: { step: 1 } }]);
  });

  Deno.test(`${name}: a test client throws for errors, and gives results that are failures`, async () => {
    await using client = await testClient(offer(), way);
    const unknown = await assertRejects(() => client.call("nobody"), RpcError);
    assertEquals(unknown.code, -32602);
    assertMatch(unknown.message, /^Unknown tool: nobody/);
    assertEquals((await client.call("greet", { name: 1 })).isError, true);
  });
}

for (const [name, way] of WAYS.filter(([, { era }]) => era !== "2024-11-05")) {
  Deno.test(`${name}: a test client answers for the user, the model and its folders`, async () => {
    const asked: unknown[] = [];
    await using client = await testClient(offer(), {
      ...way,
      elicit: (params) => {
        asked.push(params.message);
        return { action: "accept", content: { guests: 2 } };
      },
      roots: ["/home/ada"],
      sample: () => ({ role: "assistant", model: "test", content: { type: "text", text: "Ada" } }),
    });
    const { content: [block] } = await client.call("book");
    assertEquals(JSON.parse(block?.type === "text" ? block.text : ""), [
      { action: "accept", content: { guests: 2 } },
      "file:///home/ada",
      { type: "text", text: "Ada" },
    ]);
    assertEquals(asked, ["Guests?"]);
  });
}

for (const [name, way] of WAYS) {
  Deno.test(`${name}: a test client cancels a call, and its handler sees that`, async () => {
    const started = Promise.withResolvers<void>();
    const stopped = Promise.withResolvers<void>();
    const wait = defineTool({
      name: "wait",
      description: "Waits until it is cancelled",
      run: async (_input, { signal }) => {
        signal.addEventListener("abort", () => stopped.resolve());
        started.resolve();
        await stopped.promise;
        return "stopped";
      },
    });
    await using client = await testClient(createApp({ tools: [wait, greet] }), way);
    const abort = new AbortController();
    const calling = client.call("wait", {}, { signal: abort.signal });
    await started.promise;
    abort.abort(new Error("enough"));
    await assertRejects(() => calling, Error, "enough");
    await stopped.promise;
    assertEquals(
      (await client.call("greet", { name: "Ada" }, { signal: new AbortController().signal }))
        .isError,
      undefined,
    );
    await assertRejects(() => client.call("wait", {}, { signal: abort.signal }), Error, "enough");
  });
}

for (const [name, way] of WAYS.filter(([name]) => !name.includes("2026-07-28"))) {
  Deno.test(`${name}: a refused initialize is an RpcError, and its app is stopped`, async () => {
    let stops = 0;
    const app = createApp({
      onStop: () => void stops++,
      use: [({ method }, next) => {
        if (method === "initialize") throw new ProtocolError("forbidden", "Not you");
        return next();
      }],
    });
    const error = await assertRejects(() => testClient(app, way), RpcError, "Not you");
    assertMatch(error.message, /^initialize was refused: Not you/);
    assertEquals([error.code, stops], [-32600, 1]);
  });
}

Deno.test("a test client hears of changes while it is connected", async () => {
  const app = offer();
  await using client = await testClient(app, { era: "2025-11-25" });
  app.catalog.tools.remove("work");
  await client.list("tools");
  assertEquals(client.notifications.map(({ method }) => method), [
    "notifications/tools/list_changed",
  ]);
});

Deno.test("lists of several pages come whole", async () => {
  const tools = Array.from(
    { length: 25 },
    (_, n) => defineTool({ name: `tool_${n}`, description: "One of many", run: () => "" }),
  );
  const app = createApp({ tools, settings: { MCP_PAGE_SIZE: 10 } });
  await using client = await testClient(app);
  assertEquals((await client.list("tools")).length, 25);
});

Deno.test("a test client sends its headers and comes from its address", async () => {
  const whoami = defineTool({
    name: "whoami",
    description: "Tells who calls",
    run: (_input, { caller }) => `${caller.name} at ${caller.address}`,
  });
  const app = createApp({ tools: [whoami] });
  await using client = await testClient(app, { name: "ada", peer: { address: "10.0.0.7" } });
  assertEquals((await client.call("whoami")).content, [{ type: "text", text: "ada at 10.0.0.7" }]);
});

Deno.test("time moves a session to its end, and a call to its timeout", async () => {
  const time = new TestTime();
  const stuck = defineTool({
    name: "stuck",
    description: "Never ends",
    run: (_input, { signal }) =>
      new Promise<string>((_resolve, reject) =>
        signal.addEventListener("abort", () => reject(signal.reason))
      ),
  });
  const app = createApp({
    tools: [stuck],
    wheel: time.wheel,
    settings: { MCP_REQUEST_TIMEOUT_MS: 30_000 },
  });
  await using client = await testClient(app, { era: "2025-11-25" });
  const failed = assertRejects(() => client.call("stuck"), RpcError);
  await time.advance(31_000);
  assertMatch((await failed).message, /timed out after 30000 ms/);
});
