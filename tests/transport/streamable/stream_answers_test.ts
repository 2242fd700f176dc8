/** The answers on a numbered stream, the pings of its client, and streams that a shared store keeps. */
import { assertEquals } from "@std/assert";
import type { StreamWriter } from "../../../lib/fleet/stream_writer.ts";
import { ClientPings } from "../../../lib/mcp/session/client_pings.ts";
import type { JsonRpcResponse } from "../../../lib/wire/json_rpc.ts";
import { answer, ANSWERS, Carried, makeStream, NOTE } from "../../helpers/resumable.ts";
import { settled } from "../../helpers/time.ts";

Deno.test("answers are written as they come, and the stream has said all after the last", async () => {
  const { stream, carry } = makeStream();
  const carried = carry();
  const later = Promise.withResolvers<JsonRpcResponse | undefined>();
  let done = 0;
  stream.answer([later.promise, answer(2), undefined], ANSWERS, () => done++);
  assertEquals(stream.unanswered, 3);
  await settled();
  assertEquals([carried.news, stream.unanswered, done], [["flush", "1 2"], 1, 0]);
  later.resolve(answer(1));
  await settled();
  assertEquals([carried.news, stream.unanswered, done], [["flush", "2 1"], 0, 1]);
});

Deno.test("a request that was cancelled ends its stream without an answer", async () => {
  const { stream, stored } = makeStream();
  let done = 0;
  stream.answer([undefined], ANSWERS, () => done++);
  await settled();
  assertEquals([stored, stream.unanswered, done], [[], 0, 1]);
});

Deno.test("the client of a stream is pinged on it, unless it has no pings", () => {
  const pings = new ClientPings();
  const { stream, stored, carry } = makeStream({ pings });
  assertEquals(stream.pingClient(), "unknown");
  const carried = carry();
  assertEquals(stream.pingClient(), "unknown");
  assertEquals([carried.news, stored], [["- lifeline-ping-1"], []]);
  pings.settle({ jsonrpc: "2.0", id: "lifeline-ping-1", result: {} });
  assertEquals([stream.pingClient(), stream.pingClient()], ["answered", "unanswered"]);
  carry();
  assertEquals(stream.pingClient(), "answered");
  assertEquals(makeStream().stream.pingClient(), "unknown");
});

Deno.test("the end of a call's progress is passed to the response that carries its stream", () => {
  const { stream, carry } = makeStream();
  stream.endProgress("none");
  const carried = carry();
  stream.endProgress(5);
  assertEquals(carried.news, ["end of 5"]);
});

/** A writer that keeps an event when the test says so. */
function writer() {
  const told: unknown[][] = [];
  const waiting: (() => void)[] = [];
  const delivered = Promise.withResolvers<void>();
  const fake = {
    append: (seq: number, { isEnd }: { isEnd: boolean }, release: () => void) => {
      told.push(["append", seq, isEnd]);
      waiting.push(release);
    },
    appendLater: (seq: number, { isEnd }: { isEnd: boolean }, release: () => void) => {
      told.push(["later", seq, isEnd]);
      release();
    },
    end: (seq: number) => void told.push(["end", seq]),
    whenDelivered: () => delivered.promise,
  };
  return { told, waiting, delivered, writer: fake as unknown as StreamWriter };
}

Deno.test("where a writer keeps the events, each is sent once it is kept, and the last is marked", async () => {
  const kept = writer();
  const { stream, stored } = makeStream({ writer: kept.writer });
  assertEquals(stream.undelivered(), { since: 0, frames: [] });
  const carried = new Carried();
  stream.attach(carried.asStream, { since: 0, frames: [] }, () => {});
  carried.sent.length = 0;
  stream.prime(500);
  stream.write(NOTE("a"));
  assertEquals([carried.news, stream.releasedSeq], [["1 retry 500"], 1]);
  kept.waiting.shift()?.();
  assertEquals([carried.news, stream.releasedSeq, stored], [["2 a"], 2, []]);
  let done = 0;
  stream.answer([answer(7)], ANSWERS, () => done++);
  await settled();
  kept.waiting.shift()?.();
  assertEquals([carried.news, done], [["flush", "3 7"], 0]);
  kept.delivered.resolve();
  await settled();
  assertEquals(done, 1);
  assertEquals(kept.told, [["later", 1, false], ["append", 2, false], ["append", 3, true]]);
});

Deno.test("a call without an answer ends the log of a writer by a number of its own", async () => {
  const kept = writer();
  const { stream } = makeStream({ writer: kept.writer });
  stream.answer([undefined], ANSWERS, () => {});
  await settled();
  assertEquals(kept.told, [["end", 1]]);
});

Deno.test("events from before the first response are kept for it, where a writer keeps them later", () => {
  const kept = writer();
  const { stream } = makeStream({ writer: kept.writer });
  stream.prime(500);
  stream.write(NOTE("a"));
  kept.waiting.shift()?.();
  const { since, frames } = stream.undelivered();
  assertEquals([since, (frames as Uint8Array[]).length], [0, 2]);
  assertEquals((stream.undelivered().frames as Uint8Array[]).length, 1);
  const own = makeStream({ writer: kept.writer, pings: new ClientPings() });
  own.stream.prime(500);
  assertEquals((own.stream.undelivered().frames as Uint8Array[]).length, 1);
});
