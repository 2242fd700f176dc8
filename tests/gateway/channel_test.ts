import { assert, assertEquals } from "@std/assert";
import { Allowance } from "../../lib/gateway/allowance.ts";
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
    { onLine: () => true, onEnd: (reason) => void ends.push(reason) },
  );
  return { channel, ends };
}

Deno.test("a channel takes messages until more characters wait than may, and no more", () => {
  const { channel } = started(2 * LENGTH);
  assertEquals([1, 2, 3, 4].map(() => channel.send(PING)), [true, true, true, false]);
  assertEquals(channel.queued, 3 * LENGTH);
  channel.end("enough");
});

Deno.test("what waits of one client takes no room from another, up to a bound for all", () => {
  const { channel } = started(LENGTH);
  const send = (client: string) => channel.send(PING, client);
  assertEquals([send("greedy"), send("greedy"), send("greedy")], [true, true, false]);
  assertEquals([send("other"), send("other"), send("other")], [true, true, false]);
  const clients = Array.from({ length: 20 }, (_, n) => send(`client ${n}`));
  assertEquals(clients.filter((isSent) => isSent).length, 5);
  channel.end("enough");
});

Deno.test("a channel that has ended takes nothing, and tells its end once", () => {
  const { channel, ends } = started(1_000);
  channel.end("enough");
  channel.end("again");
  assertEquals([channel.send(PING), channel.isEnded, ends], [false, true, ["enough"]]);
});

Deno.test("a server may send 10,000 messages at once that are not asked for, and 2,000 a second", () => {
  const allowance = new Allowance(0);
  let sent = 0;
  while (allowance.spend(100, 0) === 0) sent++;
  // It rests for no less than 50 ms, so it begins when it owes 100 messages.
  assertEquals(sent, 10_099);
  for (let n = 0; n < 1_999; n++) assertEquals(allowance.spend(100, 1_000), 0);
  assertEquals(allowance.spend(100, 1_000), 50);
});

Deno.test("a message that is not asked for counts by its length too, and a rest is a second at most", () => {
  const allowance = new Allowance(0);
  let sent = 0;
  while (allowance.spend(4_194_304, 0) === 0) sent++;
  assertEquals(sent, 9);
  assertEquals(allowance.spend(40_194_304, 0), 1_000);
});

/** A server that has printed so many lines, and what the channel reads of them. */
function flooded(lines: number, isAsked: boolean) {
  const read = { lines: 0, rests: 0, ends: [] as string[] };
  const output = new ReadableStream<Uint8Array>({
    start: (controller) => {
      controller.enqueue(new TextEncoder().encode("x\n".repeat(lines)));
      controller.close();
    },
  });
  const channel = new Channel(
    { input: new WritableStream(), output },
    { maxLineBytes: 1_000, maxQueued: 1_000 },
    {
      onLine: () => (read.lines++, isAsked),
      onRest: () => void read.rests++,
      onEnd: (reason) => void read.ends.push(reason),
    },
  );
  return { channel, read };
}

Deno.test("a server that floods is not read while it has sent too much, and an end ends the rest", async () => {
  const { channel, read } = flooded(50_000, false);
  while (read.rests === 0) await new Promise((resolve) => setTimeout(resolve, 0));
  const { lines } = read;
  assert(lines > 10_000 && lines < 50_000);
  channel.end("enough");
  assertEquals([read.ends, read.lines], [["enough"], lines]);
});

Deno.test("answers to requests are read however many come at once", async () => {
  const { read } = flooded(50_000, true);
  while (read.ends.length === 0) await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals([read.lines, read.rests], [50_000, 0]);
});
