/**
 * The contract of every event store.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { EventStore } from "../../lib/store/event_store.ts";
import type { MemoryStoreLimits } from "../../lib/store/memory_event_store.ts";

/** A store under test, and the time that it lives in. */
export interface StoreUnderTest {
  readonly store: EventStore;
  /** Lets time go on, in ms. */
  advance(ms: number): void | Promise<void>;
}

/** Makes an empty store within limits. */
export type MakeStore = (limits: MemoryStoreLimits) => StoreUnderTest | Promise<StoreUnderTest>;

const ROOMY: MemoryStoreLimits = {
  maxEvents: 1_000,
  maxStreamBytes: 1_000_000,
  maxTotalBytes: 10_000_000,
  maxAgeMs: 60_000,
};
const ENCODER = new TextEncoder();

/** A frame of a given length that shows its number. */
function frame(seq: number, length = 10): Uint8Array {
  return ENCODER.encode(String(seq).padEnd(length, "."));
}

async function numbersAfter(
  store: EventStore,
  stream: string,
  seq: number,
): Promise<number[] | undefined> {
  const frames = await store.after(stream, seq);
  return frames?.map((one) => Number.parseInt(new TextDecoder().decode(one)));
}

async function appendAll(store: EventStore, stream: string, from: number, to: number) {
  for (let seq = from; seq <= to; seq++) await store.append(stream, seq, frame(seq));
}

/** Registers the tests. */
export function testEventStore(name: string, make: MakeStore): void {
  const test = (
    behaviour: string,
    limits: Partial<MemoryStoreLimits>,
    run: (made: StoreUnderTest) => Promise<void>,
  ) => Deno.test(`${name}: ${behaviour}`, async () => run(await make({ ...ROOMY, ...limits })));

  test("events come back in order, from any number on", {}, async ({ store }) => {
    await appendAll(store, "s", 1, 5);
    assertEquals(await numbersAfter(store, "s", 0), [1, 2, 3, 4, 5]);
    assertEquals(await numbersAfter(store, "s", 3), [4, 5]);
    assertEquals(await numbersAfter(store, "s", 5), []);
  });

  test("a stream that nobody wrote is unknown", {}, async ({ store }) => {
    assertEquals(await numbersAfter(store, "none", 0), undefined);
    await store.forget("none");
  });

  test("streams are kept apart, whatever their names", {}, async ({ store }) => {
    const names = ["a", "a/b", "a/b ", "ä", "__proto__", "a:b", "*", "a\nb"];
    for (const [at, stream] of names.entries()) await store.append(stream, 1, frame(at));
    for (const [at, stream] of names.entries()) {
      assertEquals(await numbersAfter(store, stream, 0), [at]);
    }
  });

  test("a frame comes back byte for byte", {}, async ({ store }) => {
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    await store.append("s", 1, bytes);
    assertEquals((await store.after("s", 0))?.map((one) => [...one]), [[...bytes]]);
  });

  test("a stream may begin above 1: what comes before is gone", {}, async ({ store }) => {
    await store.append("s", 2, frame(2));
    assertEquals(await numbersAfter(store, "s", 1), [2]);
    assertEquals(await numbersAfter(store, "s", 0), undefined);
  });

  test("after() sees what was appended before it, awaited or not", {}, async ({ store }) => {
    const appended = [1, 2, 3].map((seq) => store.append("s", seq, frame(seq)));
    assertEquals(await numbersAfter(store, "s", 0), [1, 2, 3]);
    await Promise.all(appended);
  });

  test("a stream that was dropped is unknown, and may be written again", {}, async ({ store }) => {
    await appendAll(store, "s", 1, 3);
    await store.forget("s");
    assertEquals(await numbersAfter(store, "s", 0), undefined);
    await store.append("s", 4, frame(4));
    assertEquals(await numbersAfter(store, "s", 3), [4]);
    assertEquals(await numbersAfter(store, "s", 0), undefined);
  });

  test("above the events of one stream the oldest go", { maxEvents: 3 }, async ({ store }) => {
    await appendAll(store, "s", 1, 5);
    assertEquals(await numbersAfter(store, "s", 1), undefined);
    assertEquals(await numbersAfter(store, "s", 2), [3, 4, 5]);
  });

  test("above the bytes of one stream the oldest go", { maxStreamBytes: 25 }, async ({ store }) => {
    await appendAll(store, "s", 1, 5);
    assertEquals(await numbersAfter(store, "s", 2), undefined);
    assertEquals(await numbersAfter(store, "s", 3), [4, 5]);
  });

  test("a frame above all bounds is gone, and the store goes on", {
    maxStreamBytes: 25,
    maxTotalBytes: 100,
  }, async ({ store }) => {
    await store.append("s", 1, frame(1, 1_000));
    assertEquals(await numbersAfter(store, "s", 0), undefined);
    await store.append("s", 2, frame(2));
    assertEquals(await numbersAfter(store, "s", 1), [2]);
  });

  test("above the bytes of all streams the one written least lately goes", {
    maxTotalBytes: 100,
  }, async ({ store }) => {
    await store.append("old", 1, frame(1, 40));
    await store.append("kept", 1, frame(1, 40));
    await store.append("old", 2, frame(2, 10));
    await store.append("new", 1, frame(1, 40));
    assertEquals(await numbersAfter(store, "kept", 0), undefined);
    assertEquals(await numbersAfter(store, "old", 0), [1, 2]);
    assertEquals(await numbersAfter(store, "new", 0), [1]);
  });

  test("events go with their age, also where the stream is written again", {
    maxAgeMs: 1_000,
  }, async ({ store, advance }) => {
    await store.append("s", 1, frame(1));
    await advance(600);
    await store.append("s", 2, frame(2));
    await advance(600);
    assertEquals(await numbersAfter(store, "s", 0), undefined);
    assertEquals(await numbersAfter(store, "s", 1), [2]);
    await store.append("s", 3, frame(3));
    assertEquals(await numbersAfter(store, "s", 1), [2, 3]);
    await advance(1_100);
    assertEquals(await numbersAfter(store, "s", 1), undefined);
    // A client that has all events misses nothing, unless the stream itself is already unknown.
    assertEquals((await numbersAfter(store, "s", 3)) ?? [], []);
  });

  test("stats() tells streams, bytes and what was dropped", { maxEvents: 2 }, async ({ store }) => {
    const before = store.stats().dropped;
    await appendAll(store, "one", 1, 3);
    await appendAll(store, "two", 1, 1);
    const { streams, bytes, dropped } = store.stats();
    assert(streams >= 0 && bytes >= 0 && dropped >= before);
    await store.forget("one");
    await store.forget("two");
    assert(store.stats().bytes <= bytes);
  });
}
