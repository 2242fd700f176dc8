import { assertEquals } from "@std/assert";
import { MemoryEventStore } from "../../lib/store/memory_event_store.ts";
import { testEventStore } from "./contract.ts";

testEventStore("memory", (limits) => {
  let now = 0;
  return {
    store: new MemoryEventStore(limits, () => now),
    advance: (ms) => {
      now += ms;
    },
  };
});

Deno.test("memory: stats() counts exactly", () => {
  const limits = { maxEvents: 2, maxStreamBytes: 100, maxTotalBytes: 1_000, maxAgeMs: 1_000 };
  let now = 0;
  const store = new MemoryEventStore(limits, () => now);
  const frame = new Uint8Array(10);
  for (let seq = 1; seq <= 3; seq++) store.append("a", seq, frame);
  store.append("b", 1, frame);
  assertEquals(store.stats(), { streams: 2, bytes: 30, dropped: 1 });
  now = 2_000;
  store.append("c", 1, frame);
  // The next write to any stream drops events that are too old.
  assertEquals(store.stats(), { streams: 1, bytes: 10, dropped: 4 });
  store.forget("c");
  assertEquals(store.stats(), { streams: 0, bytes: 0, dropped: 4 });
});

Deno.test("memory: the overhead of events counts among the bytes of all streams, and of none else", () => {
  const limits = {
    maxEvents: 10,
    maxStreamBytes: 100,
    maxTotalBytes: 1_000,
    maxAgeMs: 1_000,
    eventOverhead: 190,
  };
  const store = new MemoryEventStore(limits, () => 0);
  const frame = new Uint8Array(10);
  for (let seq = 1; seq <= 3; seq++) store.append("a", seq, frame);
  store.append("b", 1, frame);
  store.append("c", 1, frame);
  assertEquals(store.stats(), { streams: 3, bytes: 50, dropped: 0 });
  store.append("c", 2, frame);
  assertEquals(store.stats(), { streams: 2, bytes: 30, dropped: 3 });
  store.forget("b");
  for (let seq = 3; seq <= 5; seq++) store.append("c", seq, frame);
  assertEquals(store.stats(), { streams: 1, bytes: 50, dropped: 3 });
});

Deno.test("memory: when it is full, the owner with most bytes loses its oldest stream, and no other does", () => {
  const limits = { maxEvents: 10, maxStreamBytes: 100, maxTotalBytes: 1_000, maxAgeMs: 1_000 };
  const store = new MemoryEventStore(limits, () => 0);
  const frame = new Uint8Array(10);
  for (let n = 0; n < 5; n++) store.append(`honest ${n}`, 1, frame, "honest");
  for (let n = 0; n < 1_000; n++) store.append(`greedy ${n}`, 1, frame, "greedy");
  for (let n = 0; n < 5; n++) assertEquals(store.after(`honest ${n}`, 0)?.length, 1);
  assertEquals(store.stats(), { streams: 100, bytes: 1_000, dropped: 905 });
  assertEquals(store.after("greedy 904", 0), undefined);
  assertEquals(store.after("greedy 905", 0)?.length, 1);
});
