/**
 * TCP keepalive of the kernel for the sockets of streams. Linux only: other systems do not show it.
 */
import { assertEquals } from "@std/assert";
import { eventually } from "../../closure/scenario.ts";
import { listenerUnderTest, ServerProcess } from "../../closure/server.ts";
import { serverSockets } from "../../closure/sockets.ts";
import { toolCall } from "../../helpers/app.ts";
import { SseStream } from "../sse_stream.ts";

Deno.test({
  name:
    "the socket of each stream that was pinged asks a silent peer whether it is there (TCP keepalive)",
  ignore: listenerUnderTest() !== "node" || Deno.build.os !== "linux",
  fn: async () => {
    await using server = await ServerProcess.start({
      abort: "no-legacy",
      settings: { MCP_PING_INTERVAL_MS: 500 },
    });
    const message = toolCall("countdown", { from: 100_000, interval_ms: 60_000 });
    using idle = await SseStream.open(server);
    using busy = await SseStream.open(server, { message });
    await eventually(async () => {
      const sockets = await serverSockets(server.port);
      assertEquals(sockets?.timers, ["keepalive", "keepalive"]);
    });
    for (const { socket } of [idle, busy]) socket.close();
  },
});
