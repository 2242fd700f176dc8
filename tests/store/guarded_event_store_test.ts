import { assertEquals } from "@std/assert";
import type { EventStore } from "../../lib/store/event_store.ts";
import { GuardedEventStore } from "../../lib/store/guarded_event_store.ts";
import { CapturedLog } from "../helpers/log.ts";

Deno.test("a store that fails is logged once in 10 s, with its failures so far, and its events count as gone", async () => {
  using log = new CapturedLog();
  let now = 0;
  const broken: EventStore = {
    append: () => Promise.reject(new Error("no answer")),
    after: () => {
      throw new Error("no route");
    },
    forget: () => {},
    stats: () => ({ streams: 0, bytes: 0, dropped: 0 }),
  };
  const store = new GuardedEventStore(broken, () => now);
  const failAt = async (ms: number) => {
    now = ms;
    await store.append("s", 1, new Uint8Array());
  };
  assertEquals(await store.after("s", 0), undefined);
  for (const ms of [0, 9_999, 10_000, 10_001, 20_000]) await failAt(ms);
  const told = log.of("Store failed").map(({ fields }) => [
    fields.operation,
    fields.error,
    fields.failures,
  ]);
  assertEquals(told, [["after", "no route", 1], ["append", "no answer", 4], [
    "append",
    "no answer",
    6,
  ]]);
});
