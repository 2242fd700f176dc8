import { assertEquals } from "@std/assert";
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
