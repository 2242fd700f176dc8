import { assertEquals } from "@std/assert";
import { rpc, testApp, toolCall } from "../helpers/app.ts";
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
  await say(rpc("initialize", { protocolVersion: "2025-03-26", capabilities: {} }, 0));
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
