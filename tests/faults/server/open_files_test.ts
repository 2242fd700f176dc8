/** More sockets than the system allows the server. */
import { assertEquals } from "@std/assert";
import { eventually } from "../../closure/scenario.ts";
import { ServerProcess } from "../../closure/server.ts";
import { exchange } from "../http.ts";
import { RawSocket } from "../socket.ts";
import { SseStream } from "../sse_stream.ts";

const MAX_OPEN_FILES = 60;

Deno.test("a server without file descriptors keeps its streams, and serves again when it has some", async () => {
  await using server = await ServerProcess.start({
    abort: "no-legacy",
    maxOpenFiles: MAX_OPEN_FILES,
    settings: { MCP_PING_INTERVAL_MS: 200 },
  });
  let pings = 0;
  using stream = await SseStream.open(server, {
    onEvent: ({ event }) => void (pings += Number(event === "ping")),
  });
  const sockets: RawSocket[] = [];
  try {
    // More than the kernel accepts for it wait to be accepted.
    while (sockets.length < 2 * MAX_OPEN_FILES) {
      const socket = await RawSocket.connect(server).catch(() => undefined);
      if (socket === undefined) break;
      sockets.push(socket);
    }
    await server.line("failure", ({ json }) => json.level === "error");
    const before = pings;
    await eventually(() => Promise.resolve(assertEquals(pings > before + 2, true)));
  } finally {
    for (const socket of sockets) socket.close();
  }
  await eventually(async () => {
    assertEquals((await exchange(server, { path: "/readyz" })).status, 200);
  });
  // Deno itself may have its say, too, in lines that are not Lifeline's.
  const faults = server.lines.filter(({ json }) => json.level === "error");
  assertEquals(faults.map(({ json }) => json.message), ["Accepting connections failed"]);
  const ledger = await server.ledger();
  assertEquals([ledger.open, ledger.opened], [1, 1]);
  stream.socket.close();
  server.kill("SIGTERM");
  assertEquals((await server.exit).code, 0);
});
