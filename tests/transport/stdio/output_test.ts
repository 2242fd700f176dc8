import { assertEquals } from "@std/assert";
import { StdioOutput } from "../../../lib/transport/stdio/output.ts";
import { settled } from "../../helpers/time.ts";

async function isWritable(output: StdioOutput): Promise<boolean> {
  let isReady = false;
  void output.writable().then(() => isReady = true);
  await settled();
  return isReady;
}

Deno.test("an output takes more until more characters wait than it may hold", async () => {
  const output = new StdioOutput(() => new Promise(() => {}), 100);
  output.sendBatch("x".repeat(100));
  assertEquals(await isWritable(output), true);
  output.sendBatch("x");
  assertEquals(await isWritable(output), false);
});

Deno.test("an output that has no room for a change waits for its reader no longer", async () => {
  const output = new StdioOutput(() => new Promise(() => {}), 10);
  output.sendBatch("x".repeat(100));
  await settled();
  output.send({ jsonrpc: "2.0", method: "notifications/tools/list_changed" });
  assertEquals(output.isBroken, true);
  await output.written();
});
