/**
 * How the response stream of a 2025-11-25 request begins, and how a handler releases it
 * (2025-11-25, basic/transports, Sending Messages to the Server).
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import type { Settings } from "../../lib/base/settings.ts";
import { defineTool, type Tool, type ToolContext } from "../../lib/mod.ts";
import { initializeRequest, type TestApp, testApp, toolCall } from "../helpers/app.ts";
import { EventReader } from "../helpers/sse.ts";

const ACCEPT = { accept: "application/json, text/event-stream" };

/** A tool that does `first` at once and answers when the gate is opened. */
function gated(first: (ctx: ToolContext) => void) {
  const gate = Promise.withResolvers<string>();
  const contexts: ToolContext[] = [];
  const tool = defineTool({
    name: "gated",
    description: "Answers when told to",
    run: (_input, ctx) => {
      contexts.push(ctx);
      first(ctx);
      return gate.promise;
    },
  });
  return { tool, open: () => gate.resolve("done"), context: () => contexts[0] as ToolContext };
}

async function openSession(app: TestApp, protocolVersion: string) {
  const opened = await app.post("/mcp", initializeRequest(protocolVersion));
  await opened.body?.cancel();
  return {
    "mcp-session-id": opened.headers.get("mcp-session-id") ?? "",
    "mcp-protocol-version": protocolVersion,
  };
}

async function callIn(tool: Tool, protocolVersion: string, settings: Partial<Settings> = {}) {
  const app = testApp({ tools: [tool], settings: { MCP_REQUEST_TIMEOUT_MS: 5_000, ...settings } });
  const session = await openSession(app, protocolVersion);
  const events = new EventReader(
    await app.post("/mcp", toolCall("gated"), { ...session, ...ACCEPT }),
  );
  const resume = async (lastEventId = "") =>
    new EventReader(
      await app.request("/mcp", {
        headers: { ...session, accept: "text/event-stream", "last-event-id": lastEventId },
      }),
    );
  return { events, resume, [Symbol.dispose]: () => app.stop() };
}

Deno.test("POST /mcp primes its stream before all that the handler says", async () => {
  const { tool, open } = gated(({ log }) => log.info("hello"));
  using call = await callIn(tool, "2025-11-25");
  open();

  const [primer, logged, answer] = await call.events.rest();

  assertEquals([primer?.data, typeof primer?.id, call.events.retries], ["", "string", [1_000]]);
  assertEquals(logged?.json.params.data, "hello");
  assertEquals(answer?.json.result.content[0].text, "done");
});

Deno.test("POST /mcp sends no event without data before 2025-11-25", async () => {
  const { tool, open } = gated(({ log }) => log.info("hello"));
  using call = await callIn(tool, "2025-06-18");
  open();

  const events = await call.events.rest();

  assertEquals(events.map(({ json }) => json.method ?? json.id), ["notifications/message", 1]);
});

Deno.test("`ctx.releaseStream()` lets go of the stream when called before the handler waits", async () => {
  const { tool, open } = gated(({ releaseStream }) => releaseStream(70));
  using call = await callIn(tool, "2025-11-25");

  const [primer, ...more] = await call.events.rest();
  assertEquals([primer?.data, more, call.events.retries], ["", [], [1_000, 70]]);

  const resumed = await call.resume(primer?.id);
  open();
  const answer = (await resumed.rest()).at(-1);
  assertEquals(answer?.json.result.content[0].text, "done");
});

Deno.test("`ctx.releaseStream()` lets go of the stream when called later", async () => {
  const { tool, open, context } = gated(() => {});
  using call = await callIn(tool, "2025-11-25");
  context().releaseStream();

  const [primer] = await call.events.rest();
  assertEquals(call.events.retries, [1_000, 1_000]);

  open();
  const answer = (await (await call.resume(primer?.id)).rest()).at(-1);
  assertEquals(answer?.json.result.content[0].text, "done");
});

Deno.test("`ctx.releaseStream()` does not cut a client that comes back after it", async () => {
  const { tool, open, context } = gated(({ releaseStream }) => releaseStream());
  using call = await callIn(tool, "2025-11-25");
  const [primer] = await call.events.rest();
  context().releaseStream();

  const resumed = await call.resume(primer?.id);
  context().log.info("still here");
  const [again, logged] = [await resumed.next(), await resumed.next()];
  assertEquals([again?.data, logged?.json.params.data], ["", "still here"]);
  open();
  assertEquals((await resumed.next())?.json.result.content[0].text, "done");
});

Deno.test("`ctx.releaseStream()` does nothing before 2025-11-25, where clients do not come back", async () => {
  const { tool, open, context } = gated(({ releaseStream }) => releaseStream());
  using call = await callIn(tool, "2025-06-18");
  context().releaseStream();
  open();

  const [answer] = await call.events.rest();
  assertEquals(answer?.json.result.content[0].text, "done");
});

const WISHES = [[NaN, 1_000], [-5, 0], [Infinity, 3_600_000], [-Infinity, 0], [70.6, 71], [0, 0]];

for (const [wish, retry] of WISHES) {
  Deno.test(`\`ctx.releaseStream(${wish})\` tells the client ${retry} ms and lets go of the stream`, async () => {
    const { tool, open, context } = gated(() => {});
    using call = await callIn(tool, "2025-11-25");
    context().releaseStream(wish);
    const [primer] = await call.events.rest();
    assertEquals(call.events.retries, [1_000, retry]);
    open();
    const answer = (await (await call.resume(primer?.id)).rest()).at(-1);
    assertEquals(answer?.json.result.content[0].text, "done");
  });
}

Deno.test("POST /mcp tells the gap where the handler says more than MCP_REPLAY_EVENTS before it waits, and answers", async () => {
  const { tool, open } = gated(({ log }) => {
    for (let number = 1; number <= 10; number++) log.info(number);
  });
  using call = await callIn(tool, "2025-11-25", { MCP_REPLAY_EVENTS: 4 });
  open();
  const events = await call.events.rest();
  const told = events.flatMap(({ json }) => json?.params?.data ?? []);
  assertEquals(told, ["Some events of this stream are gone and cannot be replayed"]);
  assertEquals(events.at(-1)?.json.result.content[0].text, "done");
});
