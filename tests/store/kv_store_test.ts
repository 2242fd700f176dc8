import { assert, assertEquals } from "@std/assert";
import type { Kv } from "../../lib/store/kv/kv.ts";
import { KvStore } from "../../lib/store/kv/kv_store.ts";
import { LEASE_MS, testSharedStore } from "./shared_contract.ts";

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** One database, with a handle for each instance that joins. */
class Database implements AsyncDisposable {
  readonly #folder = Deno.makeTempDirSync();
  readonly stores: KvStore[] = [];

  async join(prefix = "test"): Promise<KvStore> {
    const kv: Kv = await Deno.openKv(this.path);
    const store = new KvStore({
      kv,
      prefix,
      leaseMs: LEASE_MS,
      pollMs: 60_000,
      maxEvents: 100,
      maxStreamBytes: 1_000,
      maxAgeMs: 60_000,
      sessionMs: 60_000,
    });
    this.stores.push(store);
    await store.start();
    assert(store.isUp);
    return store;
  }

  get path(): string {
    return `${this.#folder}/kv`;
  }

  async clear(): Promise<void> {
    using kv = await Deno.openKv(this.path);
    for await (const { key } of kv.list({ prefix: [] })) await kv.delete(key);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const store of this.stores) await store.close();
    await Deno.remove(this.#folder, { recursive: true });
  }
}

testSharedStore("Deno KV", () => {
  const database = new Database();
  return Promise.resolve({
    join: () => database.join(),
    outliveLeases: async () => {
      for (const { directory } of database.stores) await directory.observe();
      await delay(LEASE_MS + 100);
    },
    clear: () => database.clear(),
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  });
});

const ENCODER = new TextEncoder();
const event = (text: string, isEnd = false) => ({ frame: ENCODER.encode(text), isEnd });

Deno.test("the bounds of a log in Deno KV drop its oldest events, by number and by bytes", async () => {
  await using database = new Database();
  const store = await database.join();
  for (let seq = 1; seq <= 130; seq++) await store.events.append("k/many", seq, [event("x")]);
  assertEquals((await store.events.after("k/many", 29))?.frames, undefined);
  assertEquals((await store.events.after("k/many", 30))?.frames?.length, 100);
  for (let seq = 1; seq <= 5; seq++) {
    await store.events.append("k/large", seq, [event(String(seq).repeat(400))]);
  }
  assertEquals((await store.events.after("k/large", 2))?.frames, undefined);
  assertEquals((await store.events.after("k/large", 3))?.frames?.length, 2);
});

Deno.test("an event of 4 MiB is kept whole in values of 64 KiB", async () => {
  await using database = new Database();
  const store = await database.join();
  const frame = new Uint8Array(4_194_304);
  for (let at = 0; at < frame.length; at += 65_536) {
    crypto.getRandomValues(frame.subarray(at, at + 65_536));
  }
  await store.events.append("k/s", 1, [event("one"), { frame, isEnd: true }]);
  assertEquals(await store.events.append("k/s", 2, [{ frame, isEnd: true }]), "kept");
  const [kept] = (await store.events.after("k/s", 1))?.frames ?? [];
  assertEquals(kept?.byteLength, frame.byteLength);
  assert(kept?.every((byte, index) => byte === frame[index]));
});

Deno.test("subscriptions of a session may be longer than a value of Deno KV", async () => {
  await using database = new Database();
  const store = await database.join();
  const subscriptions = Array.from({ length: 100 }, (_, n) => `a://${n}/${"x".repeat(2_000)}`);
  await store.directory.writeSession("k", { subscriptions });
  assertEquals((await store.directory.readSession("k")).subscriptions, subscriptions);
});

Deno.test("events that are too old are gone, however late Deno KV drops them", async () => {
  await using database = new Database();
  let now = 1_000_000;
  const kv: Kv = await Deno.openKv(database.path);
  const options = { leaseMs: LEASE_MS, pollMs: 60_000, maxEvents: 10, maxStreamBytes: 1_000 };
  const store = new KvStore({
    kv,
    prefix: "test",
    ...options,
    maxAgeMs: 60_000,
    sessionMs: 60_000,
    now: () => now,
  });
  await store.events.append("k/s", 1, [event("one")]);
  assertEquals((await store.directory.claim("k", "", 1_000)).isNew, true);
  now += 60_000;
  assertEquals(await store.events.after("k/s", 0), undefined);
  kv.close();
});

Deno.test("many instances that append to one log at once keep one entry for each number", async () => {
  await using database = new Database();
  const stores = await Promise.all([1, 2, 3].map(() => database.join()));
  for (let seq = 1; seq <= 10; seq++) {
    const outcomes = await Promise.all(
      stores.map(({ me, events }) => events.append("k/s", seq, [event(me)])),
    );
    assertEquals(outcomes.toSorted(), ["kept", "refused", "refused"]);
  }
  assertEquals((await stores[0]?.events.after("k/s", 0))?.frames?.length, 10);
});

Deno.test("prefixes hold two fleets in one Deno KV apart", async () => {
  await using database = new Database();
  const [one, two] = [await database.join("one"), await database.join("two")];
  await one.events.append("k/s", 1, [event("one")]);
  await one.directory.takeSession("k");
  assertEquals(await two.events.after("k/s", 0), undefined);
  assertEquals(await two.directory.readSession("k"), {});
  assertEquals(await two.directory.instances(), [two.me]);
});
