/**
 * The contract of every store that instances share.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { LogEntry, SharedStore } from "../../lib/store/shared_store.ts";

/** Stores of several instances that share one place. */
export interface SharedUnderTest {
  /** A started store of one more instance. */
  join(): Promise<SharedStore>;
  /** Lets more time go on than {@linkcode LEASE_MS}. */
  outliveLeases(): Promise<void>;
  /** Loses all that the store holds. */
  clear(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder();
const TIMEOUT_MS = 30_000;
/**
 * How long a lease, and a claim that is outlived, lasts in stores with real time (ms). A test takes
 * its next step within this time on a slow machine, too.
 */
export const LEASE_MS = 2_000;

function entry(text: string, isEnd = false): LogEntry {
  return { frame: ENCODER.encode(text), isEnd };
}

async function textsAfter(store: SharedStore, stream: string, seq: number) {
  const tail = await store.events.after(stream, seq);
  return tail && { ...tail, frames: tail.frames?.map((frame) => DECODER.decode(frame)) };
}

/** The messages that a store is sent, to wait for. */
class Inbox {
  readonly messages: unknown[] = [];
  #onMessage: (() => void) | undefined;

  constructor(store: SharedStore) {
    store.bus.onMessage = (message) => {
      this.messages.push(message);
      this.#onMessage?.();
    };
  }

  async until(count: number): Promise<readonly unknown[]> {
    const deadline = AbortSignal.timeout(TIMEOUT_MS);
    while (this.messages.length < count) {
      await new Promise<void>((resolve, reject) => {
        this.#onMessage = resolve;
        deadline.addEventListener("abort", () => reject(new Error(`Only ${this.messages.length}`)));
      });
    }
    return this.messages;
  }
}

/** Registers the tests. */
export function testSharedStore(name: string, make: () => Promise<SharedUnderTest>): void {
  const test = (behaviour: string, run: (made: SharedUnderTest) => Promise<void>) =>
    Deno.test(`${name}: ${behaviour}`, async () => {
      await using made = await make();
      await run(made);
    });

  test("every instance reads the events that one has appended, from any number on", async (made) => {
    const [a, b] = [await made.join(), await made.join()];
    assertEquals(await a.events.append("k/s", 1, [entry("one"), entry("two")]), "kept");
    assertEquals(await a.events.append("k/s", 3, [entry("three", true)]), "kept");
    assertEquals(await textsAfter(b, "k/s", 0), {
      frames: ["one", "two", "three"],
      last: 3,
      isEnded: true,
    });
    assertEquals((await textsAfter(b, "k/s", 2))?.frames, ["three"]);
    assertEquals((await textsAfter(b, "k/s", 3))?.frames, []);
    assertEquals((await textsAfter(b, "k/s", 9))?.frames, []);
  });

  test("a log of which nothing is kept is unknown, not empty", async (made) => {
    const a = await made.join();
    assertEquals(await a.events.after("k/none", 0), undefined);
    await a.events.append("k/s", 1, [entry("one")]);
    await a.events.forget("k/s");
    assertEquals(await a.events.after("k/s", 0), undefined);
  });

  test("an append is repeated without harm, and another one with its number is refused", async (made) => {
    const [a, b] = [await made.join(), await made.join()];
    await a.events.append("k/s", 1, [entry("one"), entry("two")]);
    assertEquals(await a.events.append("k/s", 1, [entry("one"), entry("two")]), "kept");
    assertEquals(await a.events.append("k/s", 2, [entry("two"), entry("three")]), "kept");
    assertEquals(await b.events.append("k/s", 3, [entry("lost", true)]), "refused");
    assertEquals(await b.events.append("k/s", 3, [entry("three", true)]), "refused");
    assertEquals((await textsAfter(a, "k/s", 0))?.frames, ["one", "two", "three"]);
  });

  test("nothing comes after the end: of two rescuers, and of a writer that wakes, one is kept", async (made) => {
    const [a, b, c] = [await made.join(), await made.join(), await made.join()];
    await a.events.append("k/s", 1, [entry("one")]);
    const rescues = await Promise.all([
      b.events.append("k/s", 2, [entry("lost, says b", true)]),
      c.events.append("k/s", 2, [entry("lost, says c", true)]),
    ]);
    assertEquals(rescues.toSorted(), ["kept", "refused"]);
    assertEquals(await a.events.append("k/s", 2, [entry("the answer", true)]), "refused");
    assertEquals(await a.events.append("k/s", 3, [entry("more")]), "refused");
    assertEquals((await textsAfter(a, "k/s", 0))?.frames?.length, 2);
  });

  test("an end without an event ends the log and is no event", async (made) => {
    const a = await made.join();
    await a.events.append("k/s", 1, [entry("1"), entry("", true)]);
    assertEquals(await textsAfter(a, "k/s", 0), { frames: ["1"], last: 2, isEnded: true });
  });

  test("a log may begin above 1; what came before is gone then", async (made) => {
    const a = await made.join();
    await a.events.append("k/s", 2, [entry("two", true)]);
    assertEquals((await textsAfter(a, "k/s", 0))?.frames, undefined);
    assertEquals((await textsAfter(a, "k/s", 1))?.frames, ["two"]);
  });

  test("a log that was lost begins anew, and says that events are gone", async (made) => {
    const a = await made.join();
    await a.events.append("k/s", 1, [entry("one"), entry("two")]);
    await made.clear();
    assertEquals(await a.events.append("k/s", 3, [entry("three")]), "kept");
    assertEquals((await textsAfter(a, "k/s", 1))?.frames, undefined);
    assertEquals((await textsAfter(a, "k/s", 2))?.frames, ["three"]);
    // A gap in the middle, as after a store lost its last seconds.
    assertEquals(await a.events.append("k/s", 6, [entry("six")]), "kept");
    assertEquals((await textsAfter(a, "k/s", 3))?.frames, undefined);
    assertEquals((await textsAfter(a, "k/s", 5))?.frames, ["six"]);
  });

  test("the carrier of a stream is told of each append, and of who takes the stream", async (made) => {
    const [a, b, c] = [await made.join(), await made.join(), await made.join()];
    const inbox = new Inbox(b);
    await a.events.append("k/s", 1, [entry("one")]);
    const carried = await b.events.carry("k/s", 0, true);
    assertEquals(carried.carrier, b.me);
    assertEquals(carried.tail?.last, 1);
    await a.events.append("k/s", 2, [entry("two")]);
    assertEquals(await inbox.until(1), [{ kind: "grown", stream: "k/s" }]);
    assertEquals((await c.events.carry("k/s", 0, false)).carrier, b.me);
    assertEquals((await c.events.carry("k/s", 0, true)).carrier, c.me);
    assertEquals((await inbox.until(2))[1], { kind: "taken", stream: "k/s" });
    assertEquals(await b.events.carry("k/s", 1, false), { carrier: c.me, tail: undefined });
  });

  test("a stream that is forgotten has no carrier and no log", async (made) => {
    const [a, b] = [await made.join(), await made.join()];
    await a.events.append("k/s", 1, [entry("one")]);
    await b.events.carry("k/s", 0, true);
    await a.events.forget("k/s");
    const carried = await a.events.carry("k/s", 0, false);
    assertEquals(carried, { carrier: a.me, tail: undefined });
  });

  test("a stream is carried before its log begins", async (made) => {
    const [a, b] = [await made.join(), await made.join()];
    const inbox = new Inbox(b);
    assertEquals(await b.events.carry("k/s", 1, true), { carrier: b.me, tail: undefined });
    await a.events.append("k/s", 2, [entry("two")]);
    await inbox.until(1);
    assertEquals((await textsAfter(b, "k/s", 1))?.frames, ["two"]);
  });

  test("a message reaches one instance, or all", async (made) => {
    const [a, b] = [await made.join(), await made.join()];
    const [toA, toB] = [new Inbox(a), new Inbox(b)];
    await a.bus.send(b.me, { kind: "one" });
    await a.bus.broadcast({ kind: "all", text: "é€ \u{1F600}" });
    assertEquals(await toB.until(2), [{ kind: "one" }, { kind: "all", text: "é€ \u{1F600}" }]);
    assertEquals(await toA.until(1), [{ kind: "all", text: "é€ \u{1F600}" }]);
  });

  test("messages of 4 MiB come whole", async (made) => {
    const [a, b] = [await made.join(), await made.join()];
    const inbox = new Inbox(b);
    const text = "é".repeat(2_097_152);
    await a.bus.send(b.me, { kind: "large", text });
    const [message] = await inbox.until(1);
    assert((message as { text: string }).text === text);
  });

  test("an instance lives until its lease runs out, or it leaves", async (made) => {
    const [a, b] = [await made.join(), await made.join()];
    await Promise.all([a.directory.renew(), b.directory.renew()]);
    assert(await a.directory.isAlive(b.me));
    assertEquals((await a.directory.instances()).toSorted(), [a.me, b.me].toSorted());
    await b.directory.leave();
    assertEquals(await a.directory.isAlive(b.me), false);
    await made.outliveLeases();
    assertEquals(await b.directory.isAlive(a.me), false);
    assertEquals(await b.directory.instances(), []);
  });

  test("a session's record is written member by member, and read by all", async (made) => {
    const [a, b] = [await made.join(), await made.join()];
    assertEquals(await a.directory.readSession("k"), {});
    await a.directory.writeSession("k", { logLevel: "debug", usedAt: 5 });
    await b.directory.writeSession("k", { subscriptions: ["a://b", 'c"'] });
    assertEquals(await a.directory.readSession("k"), {
      logLevel: "debug",
      usedAt: 5,
      subscriptions: ["a://b", 'c"'],
    });
    await b.directory.writeSession("k", { isEnded: true });
    assertEquals((await a.directory.readSession("k")).isEnded, true);
  });

  test("each instance changes single values and tags of a session, and leaves the others", async (made) => {
    const [a, b] = [await made.join(), await made.join()];
    await Promise.all([
      a.directory.writeSession("k", { values: { one: "1", "v:": '"é"' }, tags: { x: true } }),
      b.directory.writeSession("k", { values: { two: "2" }, tags: { y: false } }),
    ]);
    await b.directory.writeSession("k", { logLevel: "debug", values: { one: "[1]", gone: null } });
    await a.directory.writeSession("k", { values: { two: null }, tags: { x: false } });
    assertEquals(await b.directory.readSession("k"), {
      logLevel: "debug",
      values: { one: "[1]", "v:": '"é"' },
      tags: { x: false, y: false },
    });
    const values = Object.fromEntries(
      Array.from({ length: 100 }, (_, n) => [`${n}`, JSON.stringify("é".repeat(160))]),
    );
    await a.directory.writeSession("large", { values });
    assertEquals(await b.directory.readSession("large"), { values });
  });

  test("who takes a session learns who had it", async (made) => {
    const [a, b] = [await made.join(), await made.join()];
    assertEquals((await a.directory.takeSession("k")).carrier, undefined);
    assertEquals((await b.directory.takeSession("k")).carrier, a.me);
    assertEquals((await a.directory.readSession("k")).carrier, b.me);
  });

  test("a key belongs to the instance that claims it first, until that releases it", async (made) => {
    const [a, b] = [await made.join(), await made.join()];
    const claim = (store: SharedStore, note = "note of both") =>
      store.directory.claim("k", note, 60_000);
    const claims = await Promise.all([claim(a), claim(b)]);
    assertEquals(claims.map(({ isNew }) => isNew).toSorted(), [false, true]);
    assertEquals(claims[0].instance, claims[1].instance);
    const [owner, other] = claims[0].instance === a.me ? [a, b] : [b, a];
    const known = { instance: owner.me, note: "note of both", isNew: false };
    await other.directory.release("k");
    assertEquals(await claim(other, "another note"), known);
    assertEquals(await claim(owner, "another note"), known);
    await owner.directory.release("k");
    assertEquals(await claim(other, ""), { instance: other.me, note: "", isNew: true });
  });

  test("a claim ends with its life", async (made) => {
    const [a, b] = [await made.join(), await made.join()];
    assertEquals((await a.directory.claim("k", "one", LEASE_MS)).isNew, true);
    assertEquals((await b.directory.claim("k", "two", 60_000)).instance, a.me);
    await made.outliveLeases();
    assertEquals((await b.directory.claim("k", "two", 60_000)).instance, b.me);
  });
}
