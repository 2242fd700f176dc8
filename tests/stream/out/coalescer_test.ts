import { assert, assertEquals } from "@std/assert";
import { Coalescer } from "../../../lib/stream/out/coalescer.ts";
import { type JsonRpcNotification, notification } from "../../../lib/wire/json_rpc.ts";
import { droppableOf, progressKey } from "../../../lib/wire/droppable.ts";

/** A backlog with room for a number of bytes, and its reports. */
class Room {
  readonly superseded: string[] = [];
  counted = 0;
  readonly backlog = new Coalescer({
    addQueued: (delta) => void (this.counted += delta),
    notificationDropped: (kind) => void this.superseded.push(kind),
  });
  readonly #maxBytes: number;

  constructor(maxBytes = Infinity) {
    this.#maxBytes = maxBytes;
  }

  hold(message: JsonRpcNotification): boolean {
    const notice = droppableOf(message);
    assert(notice !== undefined);
    const isHeld = this.backlog.hold(notice, JSON.stringify(message), this.#maxBytes);
    assertEquals(this.counted, this.backlog.bytes);
    return isHeld;
  }

  take(): JsonRpcNotification[] {
    const messages = this.backlog.drain(this.#maxBytes).map((text) => JSON.parse(text));
    assertEquals([this.counted, this.backlog.bytes], [0, 0]);
    return messages;
  }
}

const change = (list: string) => notification(`notifications/${list}/list_changed`);
const updated = (uri: string) => notification("notifications/resources/updated", { uri });
const progress = (progressToken: string | number, value: number) =>
  notification("notifications/progress", { progressToken, progress: value });
const said = (data: unknown, level = "info") =>
  notification("notifications/message", { level, data });

Deno.test("`hold()` keeps one of each list, one of each URI, and the newest progress of each call", () => {
  const room = new Room();
  for (const message of [change("tools"), progress(1, 1), updated("test://a"), progress("1", 5)]) {
    room.hold(message);
  }
  for (
    const message of [updated("test://b"), change("tools"), change("prompts"), progress(1, 2)]
  ) room.hold(message);
  room.hold(updated("test://a"));
  assertEquals(room.superseded, ["list_changed", "progress", "resource_updated"]);
  assertEquals(room.take(), [
    progress("1", 5),
    updated("test://b"),
    change("tools"),
    change("prompts"),
    progress(1, 2),
    updated("test://a"),
  ]);
});

Deno.test("`drop()` leaves out the progress of the call that is over, and of no other", () => {
  const room = new Room();
  for (const message of [progress(1, 1), progress("1", 1), progress(2, 1)]) room.hold(message);
  room.backlog.drop(progressKey(1));
  room.backlog.drop(progressKey("never"));
  assertEquals(room.take(), [progress("1", 1), progress(2, 1)]);
});

Deno.test("`hold()` leaves out the oldest log messages where there is no room, and says how many, at a level that is wanted", () => {
  const room = new Room(3_000);
  for (let number = 1; number <= 20; number++) room.hold(said(number, "error"));
  const [note, ...rest] = room.take();
  assertEquals(
    rest.map(({ params }) => params?.data),
    rest.map((_, index) => 21 - rest.length + index),
  );
  assertEquals(note?.params?.level, "error");
  assertEquals(
    note?.params?.data,
    `${20 - rest.length} log messages were dropped because the client reads too slowly`,
  );
  assertEquals(room.superseded.length, 20 - rest.length);
});

Deno.test("`hold()` makes room for changes: first log messages go, then progress", () => {
  const room = new Room(1_240);
  for (const message of [said("a"), progress(1, 1), said("b")]) assert(room.hold(message));
  assert(room.hold(change("tools")));
  assertEquals(room.superseded, ["log"]);
  assert(room.hold(change("prompts")));
  assertEquals(room.superseded, ["log", "log"]);
  assert(room.hold(change("resources")));
  assertEquals(room.superseded, ["log", "log", "progress"]);
  assertEquals(room.hold(updated("test://a")), false);
  assertEquals(room.take(), [change("tools"), change("prompts"), change("resources")]);
});

Deno.test("`hold()` leaves out a log message or progress that is larger than all the room, and nothing for it", () => {
  const room = new Room(1_200);
  room.hold(progress(1, 1));
  room.hold(said("kept"));
  assert(room.hold(said("x".repeat(2_000))));
  assertEquals(room.superseded, ["log"]);
  assertEquals(room.take().map(({ params }) => params?.data ?? params?.progress), [
    "1 log message was dropped because the client reads too slowly",
    1,
    "kept",
  ]);
});

Deno.test("`noticeOf()` knows what must arrive", () => {
  for (
    const message of [
      { jsonrpc: "2.0", id: 1, result: {} },
      { jsonrpc: "2.0", id: 1, error: { code: 1, message: "" } },
      { jsonrpc: "2.0", id: 1, method: "notifications/progress" },
      notification("notifications/cancelled", { requestId: 1 }),
      notification("notifications/subscriptions/acknowledged", {}),
      notification("notifications/elicitation/complete", {}),
    ] as const
  ) assertEquals(droppableOf(message), undefined);
});
