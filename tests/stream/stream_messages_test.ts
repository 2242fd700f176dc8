/** The messages of one stream: which go out at once, which wait for a slow reader, which are lost. */
import { assertEquals } from "@std/assert";
import { createEmit } from "../../lib/base/observer.ts";
import type { CloseReason } from "../../lib/stream/close_reason.ts";
import { FRAME_OVERHEAD_BYTES } from "../../lib/stream/out/coalescer.ts";
import { notification, resultResponse } from "../../lib/wire/json_rpc.ts";
import { jsonEvent } from "../../lib/wire/sse.ts";
import { CapturedLog } from "../helpers/log.ts";
import { BARE, bytes, LIMITS, Streams } from "../helpers/streams.ts";
import { settled } from "../helpers/time.ts";

const TOOLS = notification("notifications/tools/list_changed");
const PROMPTS = notification("notifications/prompts/list_changed");
const PROGRESS = notification("notifications/progress", { progressToken: 1, progress: 1 });
const LOG = notification("notifications/message", { level: "info", data: "said" });
const ANSWER = resultResponse(1, {});
const encode = (text: string) => new TextEncoder().encode(text);
const eventOf = (message: unknown) => jsonEvent(JSON.stringify(message));

/** A stream with 206 bytes that its reader has not taken, so that messages are deferred. */
function openBehind(streams: Streams, driver = BARE) {
  const stream = streams.open({ driver });
  stream.connection.sendRaw(bytes(200));
  return stream;
}
const BEHIND = `first\n${bytes(200)}`;

Deno.test("a reader that keeps up gets each message at once", async () => {
  using streams = new Streams();
  const stream = streams.openFollowed();
  await settled();
  for (const message of [TOOLS, LOG, ANSWER]) stream.connection.sendMessage(message);
  await settled();
  assertEquals(stream.text, `first\n${eventOf(TOOLS)}${eventOf(LOG)}${eventOf(ANSWER)}`);
});

Deno.test("what may wait for a slow reader waits until it has caught up, and counts meanwhile", async () => {
  using streams = new Streams();
  const stream = openBehind(streams);
  const { connection } = stream;
  const text = JSON.stringify(TOOLS);
  assertEquals(connection.defer(TOOLS, text), true);
  assertEquals(connection.queuedBytes, 206 + text.length + FRAME_OVERHEAD_BYTES);
  assertEquals(streams.addsUp(), true);
  connection.sendMessage(PROMPTS);
  assertEquals(connection.defer(ANSWER, JSON.stringify(ANSWER)), false);
  connection.sendMessage(ANSWER);
  void stream.follow();
  await settled();
  assertEquals(stream.text, `${BEHIND}${eventOf(ANSWER)}`);
  await streams.time.advance(75);
  assertEquals(stream.text, `${BEHIND}${eventOf(ANSWER)}${eventOf(TOOLS)}${eventOf(PROMPTS)}`);
});

Deno.test("deferred progress is dropped with the end of its call", async () => {
  const dropped: string[] = [];
  const emit = createEmit([{ notificationDropped: (kind) => void dropped.push(kind) }]);
  using streams = new Streams({}, { emit });
  const stream = openBehind(streams);
  stream.connection.sendMessage(PROGRESS);
  stream.connection.endProgress(2);
  assertEquals(dropped, []);
  stream.connection.endProgress(1);
  assertEquals(dropped, ["progress"]);
  void stream.follow();
  await streams.time.advance(75);
  assertEquals(stream.text, BEHIND);
});

Deno.test("deferred messages count towards the budget of all streams", () => {
  using streams = new Streams({ MCP_MAX_QUEUED_BYTES: 2_000, MCP_MAX_TOTAL_QUEUED_BYTES: 600 });
  const { connection } = streams.open();
  connection.sendRaw(bytes(300));
  assertEquals(connection.state, "open");
  assertEquals(connection.defer(TOOLS, JSON.stringify(TOOLS)), true);
  assertEquals([connection.reason, streams.addsUp()], ["queue_full", true]);
  assertEquals(connection.defer(PROMPTS, JSON.stringify(PROMPTS)), false);
});

Deno.test("a log message is sent before the next message where both have room, else counted", async () => {
  const text = JSON.stringify(LOG);
  const room = LIMITS.MCP_MAX_QUEUED_BYTES - 206 - 2 * FRAME_OVERHEAD_BYTES - text.length;
  for (const [length, isSent] of [[1, true], [room, true], [room + 1, false]] as const) {
    using streams = new Streams();
    const stream = openBehind(streams);
    stream.connection.sendMessage(LOG);
    stream.connection.flushBefore("x".repeat(length));
    void stream.follow();
    await settled();
    const note = notification("notifications/message", {
      level: "info",
      logger: "lifeline",
      data: "1 log message was dropped because the client reads too slowly",
    });
    assertEquals(stream.text, `${BEHIND}${eventOf(isSent ? LOG : note)}`, `before ${length}`);
  }
});

Deno.test("deferred log messages make room for what must be sent now, and the stream goes on", async () => {
  using streams = new Streams();
  const stream = openBehind(streams);
  stream.connection.sendMessage(LOG);
  const waiting = streams.wheel.size;
  assertEquals(stream.connection.sendRaw(bytes(794)), true);
  assertEquals([stream.connection.queuedBytes, streams.wheel.size], [1_000, waiting]);
  assertEquals(stream.connection.sendRaw("x"), true);
  assertEquals(streams.wheel.size, waiting + 1, "its reader is watched");
  void stream.follow();
  await settled();
  assertEquals([stream.text, stream.reason], [`${BEHIND}${bytes(794)}x`, undefined]);
});

Deno.test("deferred messages are sent before the last answer", async () => {
  using streams = new Streams();
  const stream = openBehind(streams);
  stream.connection.sendMessage(TOOLS);
  assertEquals(stream.connection.sendFinalResponse("answer\n"), true);
  void stream.follow();
  await settled();
  assertEquals(stream.text, `${BEHIND}${eventOf(TOOLS)}answer\n`);
});

Deno.test("missed events are sent as they are, to an open stream alone", async () => {
  using streams = new Streams();
  const stream = streams.openFollowed({
    driver: {
      ...BARE,
      closingFrame: (reason, ending) => {
        stream.connection.replay([encode("late\n")]);
        return BARE.closingFrame(reason, ending);
      },
    },
  });
  stream.connection.replay([]);
  stream.connection.replay([encode("one\n")]);
  stream.connection.replay([encode("two\n"), encode("three\n")]);
  stream.connection.close("drain");
  stream.connection.replay([encode("later\n")]);
  await settled();
  assertEquals(stream.text, "first\none\ntwo\nthree\nbye drain\n");
});

Deno.test("missed events count towards the budget of all streams", () => {
  using streams = new Streams({ MCP_MAX_TOTAL_QUEUED_BYTES: 106 });
  const { connection } = streams.open();
  connection.replay([encode(bytes(100))]);
  assertEquals(connection.state, "open");
  connection.replay([encode("x")]);
  assertEquals([connection.reason, streams.addsUp()], ["queue_full", true]);
});

const lastMessages: readonly [CloseReason, boolean][] = [
  ["drain", true],
  ["completed", true],
  ["client_closed", false],
  ["write_failed", false],
  ["peer_lost", false],
  ["queue_full", false],
];
for (const [reason, isTaken] of lastMessages) {
  Deno.test(`\`close("${reason}")\` ${isTaken ? "takes" : "refuses"} the messages that waited`, () => {
    using streams = new Streams();
    const taken: boolean[] = [];
    const driver = {
      ...BARE,
      sendDeferred: (text: string, sink: { sendRaw(frame: string): boolean }) =>
        void taken.push(sink.sendRaw(text)),
    };
    const { connection } = openBehind(streams, driver);
    connection.sendMessage(TOOLS);
    connection.sendMessage(PROMPTS);
    connection.close(reason);
    assertEquals(taken, [isTaken, isTaken]);
  });
}

Deno.test("after one failed ping the end of the stream drops what waits", async () => {
  using streams = new Streams();
  const stream = streams.open();
  await streams.time.advance(LIMITS.MCP_PING_INTERVAL_MS);
  assertEquals(stream.connection.failedPings, 1);
  stream.connection.close("drain");
  await stream.follow();
  assertEquals([stream.text, streams.wheel.size], ["<cut: drain>", 0]);
});

Deno.test("answers that a cut-off reader has not taken are lost, and that is told; nothing else is", () => {
  using log = new CapturedLog("warning");
  const lost: unknown[] = [];
  const emit = createEmit([{ resultsLost: (dialect, count) => void lost.push([dialect, count]) }]);
  using streams = new Streams({}, { emit });
  const silent = openBehind(streams);
  silent.connection.close("queue_full");
  assertEquals([lost, log.lines], [[], []]);
  const answered = openBehind(streams);
  answered.connection.sendResponse("one\n");
  answered.connection.sendFinalResponse("two\n");
  answered.connection.close("queue_full");
  assertEquals(lost, [["plain", 2]]);
  assertEquals(log.of("Results lost").map(({ fields }) => [fields.reason, fields.results]), [
    ["queue_full", 2],
  ]);
});

Deno.test("a stream listens to its request's signal once, and never after its end", () => {
  using streams = new Streams();
  let added = 0;
  const signal = new AbortController().signal;
  signal.addEventListener = () => void added++;
  const { connection } = streams.openFollowed({ request: { signal } });
  connection.listenForAbort();
  connection.listenForAbort();
  assertEquals(added, 1);
  const ended = streams.openFollowed({ request: { signal } }).connection;
  ended.close("completed");
  ended.listenForAbort();
  assertEquals(added, 1);
});
