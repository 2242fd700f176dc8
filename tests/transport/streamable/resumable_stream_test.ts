/** A numbered stream of a session: what is stored, sent, kept back and sent again, without HTTP. */
import { assertEquals } from "@std/assert";
import type { Frames } from "../../../lib/store/event_store.ts";
import { GET_OPENING, OPENING } from "../../../lib/transport/streamable/resumable_stream.ts";
import { answer, ask, Carried, IDS, makeStream, NOTE } from "../../helpers/resumable.ts";
import { settled } from "../../helpers/time.ts";

const TEXT = new TextDecoder();

Deno.test("the first bytes of a response tell a client of a GET when to come back", () => {
  assertEquals([OPENING, GET_OPENING], [": open\n\n", ": open\nretry: 1000\n\n"]);
});

Deno.test("events are numbered and stored from 1 on, and sent where a response carries the stream", () => {
  const { stream, stored, carry } = makeStream();
  stream.write(NOTE("a"));
  assertEquals([stream.isAttached, stream.releasedSeq, stream.deliveredSeq], [false, 1, 0]);
  const carried = carry();
  assertEquals([stream.isAttached, stream.deliveredSeq], [true, 1]);
  stream.write(NOTE("b"));
  stream.prime(500);
  stream.sendDeferred(JSON.stringify(NOTE("c")));
  assertEquals(stored, ["1 a", "2 b", "3 retry 500", "4 c"]);
  assertEquals(carried.news, ["2 b", "3 retry 500", "4 c"]);
  assertEquals([stream.releasedSeq, stream.deliveredSeq, stream.answeredCount], [4, 4, 5]);
});

Deno.test("an event that the response does not take is not delivered", () => {
  const { stream, carry } = makeStream();
  const carried = carry();
  carried.refuses = true;
  stream.write(NOTE("a"));
  assertEquals([stream.releasedSeq, stream.deliveredSeq], [1, 0]);
  assertEquals(stream.undelivered().since, 0);
  assertEquals((stream.undelivered().frames as Frames)?.map((frame) => TEXT.decode(frame)), [
    "after 0",
  ]);
});

Deno.test("where all is delivered nothing is read from the store", () => {
  const { stream, carry } = makeStream();
  assertEquals(stream.undelivered(), { since: 0, frames: [] });
  carry();
  stream.write(NOTE("a"));
  assertEquals(stream.undelivered(), { since: 1, frames: [] });
});

Deno.test("a message that is deferred gets no number yet, and answers come after deferred ones", () => {
  const { stream, stored, carry } = makeStream();
  const carried = carry();
  carried.defers = true;
  stream.write(NOTE("late"));
  assertEquals([stored, carried.news], [[], []]);
  carried.defers = false;
  stream.write(NOTE("note"));
  stream.write(answer(7), true);
  assertEquals(carried.news, ["1 note", "flush", "2 7"]);
});

Deno.test("questions that a client has not received are sent again while they are open", () => {
  const { stream, open, carry } = makeStream();
  for (const id of [101, 102, 103]) {
    open.add(id);
    stream.write(ask(id));
  }
  const carried = carry();
  open.delete(102);
  stream.resendRequests(1);
  assertEquals(carried.news, ["4 103"]);
  stream.resendRequests(4);
  assertEquals(carried.news, []);
  stream.resendRequests(0);
  assertEquals(carried.news, ["5 101", "6 103"]);
  stream.resendRequests(6);
  assertEquals(carried.news, []);
});

Deno.test("a later response supersedes an earlier one, and gets what comes from now on", () => {
  const { stream, carry } = makeStream();
  const [first, second] = [carry(), carry()];
  assertEquals([first.news, second.news], [["close superseded"], []]);
  stream.write(NOTE("a"));
  assertEquals([first.news, second.news], [[], ["1 a"]]);
  stream.attach(second.asStream, { since: 1, frames: [] }, () => {});
  assertEquals(second.news, ["replay []"]);
  stream.supersede();
  assertEquals([second.news, stream.isAttached], [["close superseded"], false]);
  stream.supersede();
  assertEquals(second.news, []);
});

Deno.test("the end of an older response leaves the newer; its own end frees the stream", () => {
  let lost = 0;
  const { stream, carry } = makeStream({ onLost: () => lost++ });
  const carried = carry();
  stream.onCarrierEnded();
  assertEquals([stream.isAttached, lost], [true, 1]);
  carried.state = "closed";
  stream.onCarrierEnded();
  stream.write(NOTE("a"));
  assertEquals([stream.isAttached, lost, carried.news], [false, 2, []]);
});

Deno.test("a released response is told when to come back, if it is to, and carries nothing more", () => {
  for (
    const [retryMs, sent] of [[undefined, ["close disconnected"]], [250, [
      "- retry 250",
      "close disconnected",
    ]]] as const
  ) {
    const { stream, carry } = makeStream();
    const carried = carry();
    stream.release("disconnected", retryMs);
    stream.write(NOTE("a"));
    assertEquals<unknown>([carried.news, stream.isAttached], [sent, false]);
  }
});

Deno.test("new events wait while the store reads, and come after the read ones, each once", async () => {
  const { stream, stored } = makeStream();
  const frames: Uint8Array[] = [];
  const reading = Promise.withResolvers<Frames | undefined>();
  for (const data of ["a", "b"]) stream.write(NOTE(data));
  const carried = new Carried();
  const replayed: unknown[] = [];
  stream.attach(
    carried.asStream,
    { since: 1, frames: reading.promise },
    (all) => replayed.push(all),
  );
  stream.write(NOTE("c"));
  stream.write(NOTE("d"));
  assertEquals([carried.news, stored.length], [[], 4]);
  for (const [seq, data] of [[2, "b"], [3, "c"]] as const) {
    const id = IDS.write({ stream: "p1", seq, requestId: 7 });
    frames.push(new TextEncoder().encode(`id: ${id}\ndata: ${JSON.stringify(NOTE(data))}\n\n`));
  }
  reading.resolve(frames);
  await settled();
  assertEquals(carried.news, ["replay [2 b, 3 c, 4 d]"]);
  assertEquals([replayed, stream.deliveredSeq], [[frames], 4]);
  stream.write(NOTE("e"));
  assertEquals(carried.news, ["5 e"]);
});

for (const fails of [true, false]) {
  Deno.test(`where the store ${fails ? "fails" : "has lost events"}, the new ones come all the same, and the gap is told`, async () => {
    const { stream } = makeStream();
    const reading = fails ? Promise.reject(new Error("away")) : Promise.resolve(undefined);
    const carried = new Carried();
    const replayed: unknown[] = [];
    stream.attach(carried.asStream, { since: 0, frames: reading }, (all) => replayed.push(all));
    stream.write(NOTE("a"));
    await settled();
    assertEquals([carried.news, replayed], [["replay [1 a]"], [undefined]]);
  });
}

Deno.test("events that wait for the store may have as many bytes as are kept, and one more ends the response", () => {
  const size = 400;
  for (const isOver of [false, true]) {
    const { stream } = makeStream({ settings: { MCP_REPLAY_BYTES: 3 * size } });
    const carried = new Carried();
    stream.attach(carried.asStream, { since: 0, frames: new Promise(() => {}) }, () => {});
    const overhead = sizeOf(NOTE(""));
    for (const extra of [0, 0, isOver ? 1 : 0]) {
      stream.write(NOTE("x".repeat(size - overhead + extra)));
    }
    assertEquals(carried.news, isOver ? ["close limit"] : []);
  }
});

/** Bytes of an event of one digit with this message. */
function sizeOf(message: ReturnType<typeof NOTE>): number {
  let size = 0;
  const { stream } = makeStream();
  const carried = new Carried();
  carried.sendRaw = (frame) => (size = frame.length, true);
  stream.attach(carried.asStream, { since: 0, frames: [] }, () => {});
  stream.write(message);
  return size;
}

Deno.test("a response that is complete ends only when the store has read", async () => {
  const { stream } = makeStream();
  const reading = Promise.withResolvers<Frames>();
  const carried = new Carried();
  stream.attach(carried.asStream, { since: 0, frames: reading.promise }, () => {});
  stream.release("completed");
  assertEquals([carried.news, stream.isAttached], [[], true]);
  reading.resolve([]);
  await settled();
  assertEquals([carried.news, stream.isAttached], [["replay []", "close completed"], false]);
});

Deno.test("a response that was released while the store read gets nothing from it", async () => {
  const { stream } = makeStream();
  const reading = Promise.withResolvers<Frames>();
  const carried = new Carried();
  stream.attach(carried.asStream, { since: 0, frames: reading.promise }, () => {});
  stream.release("disconnected");
  reading.resolve([]);
  await settled();
  assertEquals(carried.news, ["close disconnected"]);
});

Deno.test("a message is an event with that name; the event that only gives an id has none", () => {
  const { stream, carry } = makeStream();
  const texts: string[] = [];
  carry().sendRaw = (frame) => (texts.push(TEXT.decode(frame as Uint8Array)), true);
  stream.write(NOTE("a"));
  stream.prime(500);
  const [message, primer] = texts.map((text) => text.replace(/^id: .*$/m, "id: …"));
  assertEquals(message, `event: message\nid: …\ndata: ${JSON.stringify(NOTE("a"))}\n\n`);
  assertEquals(primer, "id: …\nretry: 500\ndata: \n\n");
});
