/**
 * What is left of uploads that stall and of clients that stay after their 408. Only the listener on
 * `node:http` can close their sockets.
 */
import { assert, assertEquals } from "@std/assert";
import { eventually } from "../../closure/scenario.ts";
import { listenerUnderTest, ServerProcess } from "../../closure/server.ts";
import { serverSockets } from "../../closure/sockets.ts";
import { Scrape } from "../../helpers/metrics.ts";
import { RawSocket } from "../socket.ts";

const UPLOADS = 100;
const BYTES = 4_000_000;
const HEAD = "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" +
  `Content-Length: ${BYTES + 1}\r\n\r\n`;
const SETTINGS = {
  MCP_BODY_TIMEOUT_MS: 3_000,
  MCP_MAX_BODY_BYTES: BYTES * 2,
  MCP_MAX_BODY_BYTES_PER_CLIENT: BYTES * UPLOADS * 2,
  MCP_MAX_TOTAL_BODY_BYTES: BYTES * UPLOADS * 2,
};
/** For all to get their 408, on a busy machine (ms). */
const DEADLINE_MS = 60_000;
/** How long sockets may stay after their 408 (ms). */
const GONE_MS = 5_000;
/** V8's heap may take so much more than before: a quarter of the bodies of one round. */
const MAX_HEAP_GROWTH = UPLOADS * BYTES / 4;
/**
 * Resident memory may take so much more than before: the allocator keeps what was freed. The bodies
 * of all rounds would take half as much again.
 */
const MAX_RESIDENT_GROWTH = 2 * UPLOADS * BYTES;

async function residentBytes(pid: number): Promise<number> {
  const args = [`/proc/${pid}/status`];
  const { stdout } = await new Deno.Command("cat", { args }).output();
  return Number(/^VmRSS:\s*(\d+) kB/m.exec(new TextDecoder().decode(stdout))?.[1]) * 1024;
}

async function heapBytes(server: ServerProcess): Promise<number> {
  return new Scrape(await server.look("/metrics")).value("lifeline_heap_used_bytes");
}

/** Uploads stall until each got its 408, and their clients do not leave. */
async function stallAll(server: ServerProcess, refused: number): Promise<RawSocket[]> {
  const most = new Uint8Array(BYTES).fill(0x20);
  const sockets = await Promise.all(Array.from({ length: UPLOADS }, async () => {
    const socket = await RawSocket.connect(server);
    socket.write(HEAD);
    socket.write(most);
    return socket;
  }));
  await eventually(async () => {
    const scrape = new Scrape(await server.look("/metrics"));
    assertEquals(scrape.value("lifeline_rejections_total", { kind: "body_timeout" }), refused);
  }, DEADLINE_MS);
  return sockets;
}

Deno.test({
  name: "100 stalled uploads of 4 MB leave no socket and no memory 5 s after their 408",
  ignore: listenerUnderTest() !== "node" || Deno.build.os !== "linux",
  fn: async () => {
    await using server = await ServerProcess.start({ abort: "no-legacy", settings: SETTINGS });
    const heapBefore = await heapBytes(server);
    const residentBefore = await residentBytes(server.pid);
    for (const round of [1, 2, 3]) {
      const sockets = await stallAll(server, round * UPLOADS);
      await eventually(async () => {
        assertEquals((await serverSockets(server.port))?.states ?? [], []);
        const growth = await heapBytes(server) - heapBefore;
        assert(growth < MAX_HEAP_GROWTH, `the heap took ${growth} bytes more`);
      }, GONE_MS);
      const growth = await residentBytes(server.pid) - residentBefore;
      assert(growth < MAX_RESIDENT_GROWTH, `round ${round} took ${growth} bytes more`);
      for (const socket of sockets) socket.close();
    }
  },
});
