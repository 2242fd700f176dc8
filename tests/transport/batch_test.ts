import { assert, assertEquals } from "@std/assert";
import { defineTool } from "../../lib/registry/tool.ts";
import { initializeRequest, rpc, testApp, toolCall } from "../helpers/app.ts";
import { TestSession } from "../helpers/session.ts";
import { HeldTool } from "../helpers/tools.ts";
import { settled } from "../helpers/time.ts";

Deno.test("over stdio a batch is answered also when one of its requests is cancelled", async () => {
  const held = new HeldTool();
  using app = testApp({ tools: [held.tool] });
  const lines: unknown[] = [];
  const input = new TransformStream<Uint8Array, Uint8Array>();
  const writer = input.writable.getWriter();
  const say = (message: unknown) =>
    writer.write(new TextEncoder().encode(`${JSON.stringify(message)}\n`));
  const speaking = app.speak({
    input: input.readable,
    write: (line) => {
      lines.push(JSON.parse(line));
      return Promise.resolve();
    },
  });
  await say(initializeRequest("2025-03-26", { id: 0 }));
  await say([toolCall("held", {}, 1), rpc("ping", {}, 2)]);
  await held.next();
  await say({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } });
  await settled();
  assertEquals(lines[1], [{ jsonrpc: "2.0", id: 2, result: {} }]);
  await say([toolCall("held", {}, 3)]);
  await held.next();
  await say({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 3 } });
  await writer.close();
  await speaking;
  assertEquals(lines.length, 2);
});

/** A tool whose result is not JSON, at once or a moment later. */
function wrongTool(isLate: boolean) {
  const result = { content: [], _meta: { amount: 1n } };
  return defineTool({
    name: "wrong",
    description: "",
    run: () => isLate ? Promise.resolve(result) : result,
  });
}

const BATCH = [toolCall("wrong", {}, 1), rpc("ping", {}, 2)];

// deno-lint-ignore no-explicit-any -- a test looks into whatever came
function assertOneFailed(answers: any[]): void {
  const byId = answers.toSorted((a, b) => a.id - b.id);
  assertEquals(byId.map(({ id }) => id), [1, 2]);
  assertEquals([byId[0].result.isError, byId[1].result], [true, {}]);
}

for (const isLate of [false, true]) {
  const when = isLate ? "after a while" : "at once";

  Deno.test(`over stdio a batch is answered also when a result is one that no JSON can hold, ${when}`, async () => {
    using app = testApp({ tools: [wrongTool(isLate)] });
    const lines: string[] = [];
    const initialize = initializeRequest("2025-03-26", { id: 0 });
    const said = [initialize, BATCH].map((message) => `${JSON.stringify(message)}\n`);
    await app.speak({
      input: ReadableStream.from(said).pipeThrough(new TextEncoderStream()),
      write: (line) => Promise.resolve(void lines.push(line)),
    });
    assertOneFailed(JSON.parse(lines[1] ?? "null"));
  });

  Deno.test(`over HTTP a batch is answered also when a result is one that no JSON can hold, ${when}`, async () => {
    using app = testApp({ tools: [wrongTool(isLate)] });
    const session = await TestSession.open(app, { version: "2025-03-26" });
    const response = await session.post(BATCH, { accept: "application/json" });
    assertOneFailed(await response.json());
  });
}

/** Holds the event loop for longer than a portion of a batch may take (ms). */
const BUSY_MS = 12;

function busy(): void {
  const until = performance.now() + BUSY_MS;
  while (performance.now() < until);
}

const SLOW_TOOLS = [
  {
    what: "requests that hold the event loop",
    count: 3,
    isAtOnce: true,
    run: () => (busy(), "done"),
  },
  {
    what: "requests that go on within a turn",
    count: 20,
    isAtOnce: false,
    run: async () => {
      await Promise.resolve();
      return "done";
    },
  },
];

for (const { what, count, isAtOnce, run } of SLOW_TOOLS) {
  for (const accept of ["application/json", "application/json, text/event-stream"]) {
    Deno.test(`a batch of ${what} lets others in between, and is answered in order, as ${accept}`, async () => {
      const order: string[] = [];
      const slow = defineTool({
        name: "slow",
        description: "",
        run: () => (order.push("call"), run()),
      });
      using app = testApp({ tools: [slow] });
      const session = await TestSession.open(app, { version: "2025-03-26" });
      const batch = Array.from({ length: count }, (_, id) => toolCall("slow", {}, id));
      const answering = session.post(batch, { accept });
      const looking = setInterval(() => order.push("others"), 0);
      const response = await answering;
      // Only requests that have not ended are a reason for a stream.
      const form = isAtOnce ? "application/json" : accept.split(", ").at(-1);
      assertEquals(response.headers.get("content-type"), form);
      const text = await response.text();
      clearInterval(looking);
      const ids = [...text.matchAll(/"id":(\d+)/g)].map(([, id]) => Number(id));
      assertEquals(ids.toSorted((a, b) => a - b), batch.map(({ id }) => id));
      if (accept === "application/json") assertEquals(ids, ids.toSorted((a, b) => a - b));
      assertEquals(order.filter((one) => one === "call").length, count);
      const between = order.slice(order.indexOf("call"), order.lastIndexOf("call"));
      assert(between.includes("others"), order.join());
    });
  }
}
