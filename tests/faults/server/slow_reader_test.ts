/** A reader that takes one byte at a time. */
import { assertEquals } from "@std/assert";
import { rpc, toolCall } from "../../helpers/app.ts";
import { assertClean, eventually, Stage } from "../../closure/scenario.ts";
import { SlowReader } from "../slow_reader.ts";

const BLOCK = "x".repeat(256 * 1024);
const PING_MS = 100;

Deno.test("a reader of single bytes is ended for what it does not take, and leaves nothing", async () => {
  await using stage = await Stage.set("no-legacy", { MCP_PING_INTERVAL_MS: PING_MS });
  const { server } = stage;
  using reader = await SlowReader.open(server, 20);
  const { id } = reader;
  const fill = async () => {
    for (let n = 0; server.closedAt().length === 0; n++) {
      const { status } = await server.post(id, toolCall("echo", { message: BLOCK }, n));
      if (status !== 202) break;
    }
  };
  await fill();
  await eventually(() => Promise.resolve(assertEquals(server.closedAt().length, 1)));
  const [closed] = server.logged("Connection forcefully closed");
  const reason = closed?.reason === "ping_failed" ? "ping_failed" : "queue_full";
  assertEquals(closed?.reason, reason);
  assertEquals((await server.post(id, rpc("ping"))).status, 404);
  assertEquals(reader.taken > 0, true);
  reader.leave();
  await assertClean(stage, { [reason]: 1 });
});
