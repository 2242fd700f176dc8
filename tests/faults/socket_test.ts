/** The faults of the kit, observed from the other end of the socket. */
import { assertEquals, assertRejects } from "@std/assert";
import { once } from "node:events";
import net from "node:net";
import { RawSocket } from "./socket.ts";

/** Both ends of a connection: the misbehaving client, and the server's plain one. */
async function connectPair(): Promise<{ client: RawSocket; server: Deno.TcpConn } & Disposable> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const [server, client] = await Promise.all([listener.accept(), RawSocket.connect({ port })]);
  return {
    client,
    server,
    [Symbol.dispose]: () => {
      client.close();
      server.close();
    },
  };
}

/** More than the kernel's buffers take together. */
const TOTAL_BYTES = 32 * 2 ** 20;
/** Less than they take. */
const FIRST_BYTES = 2 ** 20;

Deno.test("reset() makes the server's read fail with a reset", async () => {
  using pair = await connectPair();
  pair.client.reset();
  await assertRejects(() => pair.server.read(new Uint8Array(1)), Deno.errors.ConnectionReset);
});

Deno.test("close() ends the server's read in good order", async () => {
  using pair = await connectPair();
  pair.client.close();
  assertEquals(await pair.server.read(new Uint8Array(1)), null);
  assertEquals(await pair.client.ended, "closed_here");
});

Deno.test("halfClose() ends the server's read, while the client reads on", async () => {
  using pair = await connectPair();
  const received = Promise.withResolvers<number>();
  pair.client.onBytes = (bytes) => received.resolve(bytes.length);
  pair.client.halfClose();
  assertEquals(await pair.server.read(new Uint8Array(1)), null);
  await pair.server.write(new Uint8Array(5));
  assertEquals(await received.promise, 5);
});

Deno.test("stall() reads nothing of what the server writes, resume() reads all of it", async () => {
  using pair = await connectPair();
  const isAll = Promise.withResolvers<void>();
  let received = 0;
  pair.client.onBytes = (bytes) => {
    received += bytes.length;
    if (received === TOTAL_BYTES) isAll.resolve();
  };
  pair.client.stall();
  const block = new Uint8Array(64 * 1024);
  let written = 0;
  const writeUpTo = async (bytes: number) => {
    while (written < bytes) written += await pair.server.write(block.subarray(0, bytes - written));
  };
  await writeUpTo(FIRST_BYTES);
  assertEquals(received, 0);
  const writing = writeUpTo(TOTAL_BYTES);
  pair.client.resume();
  await writing;
  await isAll.promise;
});

Deno.test("`ended` tells a server that ends from one that resets", async () => {
  using ended = await connectPair();
  ended.server.closeWrite();
  assertEquals(await ended.client.ended, "eof");
  const server = net.createServer((socket) =>
    void socket.once("data", () => socket.resetAndDestroy())
  );
  await once(server.listen(0, "127.0.0.1"), "listening");
  using client = await RawSocket.connect({ port: (server.address() as net.AddressInfo).port });
  client.write("hello");
  assertEquals(await client.ended, "reset");
  await new Promise((resolve) => server.close(resolve));
});
