/** An HTTP/2 client that sends many requests on one connection and reads no answer. */
import { connect } from "node:http2";
import { assert, assertEquals } from "@std/assert";
import { eventually, Stage } from "../../closure/scenario.ts";
import { listenerUnderTest } from "../../closure/server.ts";
import { toolCall } from "../../helpers/app.ts";

const ANSWERS = 4;
/** More than the windows of HTTP/2 and the buffers of the kernel hold. */
const BODY = new TextEncoder().encode(
  JSON.stringify(toolCall("echo", { message: "x".repeat(2_000_000) })),
);
const HEADERS = {
  ":method": "POST",
  ":path": "/mcp",
  "content-type": "application/json",
  accept: "application/json",
};
/** Longer than the server waits for a reader, on a busy machine (ms). */
const PATIENCE_MS = 60_000;

Deno.test({
  name: "answers over HTTP/2 that nobody reads are counted, and dropped after their deadline",
  // That listener does not speak HTTP/2 without TLS.
  ignore: listenerUnderTest() === "node",
  // node:http2 ends its connection in its own time.
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    await using stage = await Stage.set("no-legacy", { MCP_LOG_LEVEL: "warning" });
    const { server } = stage;
    const client = connect(`http://127.0.0.1:${server.port}`);
    client.on("error", () => {});
    try {
      for (let n = 0; n < ANSWERS; n++) {
        const stream = client.request(HEADERS);
        stream.on("error", () => {});
        stream.pause();
        stream.end(BODY);
      }
      await eventually(async () => {
        assert((await server.ledger()).queued_bytes > (ANSWERS - 1) * BODY.length);
      }, PATIENCE_MS);
      await eventually(async () => {
        assertEquals((await server.ledger()).queued_bytes, 0);
      }, PATIENCE_MS);
      // The log comes by another pipe than the ledger.
      await server.line("all losses", () => server.logged("Results lost").length === ANSWERS);
      const lost = server.logged("Results lost").map(({ reason }) => reason);
      assertEquals(new Set(lost), new Set(["queue_full"]));
    } finally {
      client.destroy();
    }
  },
});
