/** A response body that a listener pulls: what waits in it. */
import { assertEquals } from "@std/assert";
import { BodySink } from "../../../lib/stream/out/body_sink.ts";
import { settled } from "../../helpers/time.ts";

function sinkOf(socket = { unsentBytes: 0 }) {
  const owner = { cancelled: 0, isLongLived: true, cancel: () => void owner.cancelled++ };
  return { owner, sink: new BodySink(owner, socket) };
}

Deno.test("the bytes that wait are those in the queue and those in the socket", async () => {
  const socket = { unsentBytes: 7 };
  const { sink } = sinkOf(socket);
  assertEquals([sink.waitingBytes, sink.waitingChunks], [7, 0]);
  sink.write(new Uint8Array(10));
  sink.write(new Uint8Array(20));
  assertEquals([sink.waitingBytes, sink.waitingChunks], [37, 2]);
  const reader = sink.readable.getReader();
  await reader.read();
  assertEquals([sink.waitingBytes, sink.waitingChunks], [27, 1]);
  await reader.read();
  socket.unsentBytes = 0;
  assertEquals([sink.waitingBytes, sink.waitingChunks], [0, 0]);
});

Deno.test("a chunk that its reader waits for never waits itself", async () => {
  const { sink } = sinkOf();
  const reader = sink.readable.getReader();
  const read = reader.read();
  sink.write(new Uint8Array(10));
  assertEquals([sink.waitingBytes, sink.waitingChunks], [0, 0]);
  assertEquals((await read).value?.length, 10);
});

Deno.test("once its reader is gone nothing waits, and nothing that is called throws", async () => {
  const { owner, sink } = sinkOf();
  sink.write(new Uint8Array(10));
  sink.write(new Uint8Array(20));
  await sink.readable.cancel();
  assertEquals([owner.cancelled, sink.waitingBytes, sink.waitingChunks], [1, 0, 0]);
  sink.write(new Uint8Array(10));
  sink.end();
  sink.fail(new Error("gone"));
  await settled();
  assertEquals([owner.cancelled, sink.waitingBytes], [1, 0]);
});
