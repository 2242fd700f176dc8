import { assertEquals } from "@std/assert";
import { Channel } from "../../lib/gateway/channel.ts";
import { toJson } from "../../lib/wire/json_rpc.ts";

const PING = { jsonrpc: "2.0", method: "notifications/ping" } as const;
const LENGTH = toJson(PING).length + 1;

/** A channel to a server that reads nothing. */
function started(maxQueued: number) {
  const output = new TransformStream<Uint8Array, Uint8Array>();
  const input = new WritableStream<Uint8Array>({ write: () => new Promise(() => {}) });
  const ends: string[] = [];
  const channel = new Channel(
    { input, output: output.readable },
    { maxLineBytes: 1_000, maxQueued },
    { onLine: () => {}, onEnd: (reason) => void ends.push(reason) },
  );
  return { channel, ends };
}

Deno.test("a channel takes messages until more characters wait than may, and no more", () => {
  const { channel } = started(2 * LENGTH);
  assertEquals([1, 2, 3, 4].map(() => channel.send(PING)), [true, true, true, false]);
  assertEquals(channel.queued, 3 * LENGTH);
  channel.end("enough");
});

Deno.test("a channel that has ended takes nothing, and tells its end once", () => {
  const { channel, ends } = started(1_000);
  channel.end("enough");
  channel.end("again");
  assertEquals([channel.send(PING), channel.isEnded, ends], [false, true, ["enough"]]);
});
