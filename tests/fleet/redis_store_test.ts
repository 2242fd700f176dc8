import { assert, assertEquals, assertRejects } from "@std/assert";
import { RedisProcess } from "../helpers/redis.ts";
import { RedisStore } from "../../lib/store/redis/redis_store.ts";
import { LEASE_MS, testSharedStore } from "../store/shared_contract.ts";

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Waits until something is so, with a generous deadline. */
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 1_000; tries++) {
    if (await isSo()) return;
    await delay(20);
  }
  throw new Error("It never came to be");
}

function storeAt(redis: RedisProcess, prefix = "test:"): RedisStore {
  return new RedisStore({
    url: redis.url,
    prefix,
    leaseMs: LEASE_MS,
    maxEvents: 100,
    maxStreamBytes: 1_000,
    maxAgeMs: 60_000,
    sessionMs: 60_000,
  });
}

testSharedStore("Redis", async () => {
  const redis = await RedisProcess.start();
  const stores: RedisStore[] = [];
  return {
    join: async () => {
      const store = storeAt(redis);
      stores.push(store);
      await store.start();
      assert(store.isUp);
      return store;
    },
    outliveLeases: () => delay(LEASE_MS + 100),
    clear: async () => {
      const { code } = await new Deno.Command("redis-cli", {
        args: ["-p", String(redis.port), "FLUSHALL"],
      }).output();
      assertEquals(code, 0);
    },
    [Symbol.asyncDispose]: async () => {
      for (const store of stores) await store.close();
      await redis.kill();
    },
  };
});

const ENCODER = new TextEncoder();
const event = (text: string, isEnd = false) => ({ frame: ENCODER.encode(text), isEnd });

Deno.test("the bounds of a log drop its oldest events, by number and by bytes", async () => {
  await using redis = await RedisProcess.start();
  const store = storeAt(redis);
  await store.start();
  for (let seq = 1; seq <= 150; seq++) await store.events.append("k/many", seq, [event("x")]);
  assertEquals((await store.events.after("k/many", 49))?.frames, undefined);
  assertEquals((await store.events.after("k/many", 50))?.frames?.length, 100);
  for (let seq = 1; seq <= 5; seq++) {
    await store.events.append("k/large", seq, [event(String(seq).repeat(400))]);
  }
  assertEquals((await store.events.after("k/large", 2))?.frames, undefined);
  assertEquals((await store.events.after("k/large", 3))?.frames?.length, 2);
  await store.close();
});

Deno.test("an event of 4 MiB is kept whole, as the newest of its log always is", async () => {
  await using redis = await RedisProcess.start();
  const store = storeAt(redis);
  await store.start();
  const bytes = crypto.getRandomValues(new Uint8Array(65_536));
  const frame = new Uint8Array(4_194_304);
  for (let at = 0; at < frame.length; at += bytes.length) frame.set(bytes, at);
  await store.events.append("k/s", 1, [event("one"), { frame, isEnd: true }]);
  const tail = await store.events.after("k/s", 1);
  const [kept] = tail?.frames ?? [];
  assertEquals(kept?.byteLength, frame.byteLength);
  assert(kept?.every((byte, index) => byte === frame[index]));
  await store.close();
});

Deno.test("prefixes hold two fleets in one Redis apart, and every key has its prefix and session", async () => {
  await using redis = await RedisProcess.start();
  const [one, two] = [storeAt(redis, "one:"), storeAt(redis, "two:")];
  await Promise.all([one.start(), two.start()]);
  await one.events.append("key/s", 1, [event("one")]);
  await one.events.carry("key/s", 1, true);
  await one.directory.takeSession("key");
  await one.directory.renew();
  assertEquals(await two.events.after("key/s", 0), undefined);
  assertEquals(await two.directory.readSession("key"), {});
  assertEquals(await two.directory.instances(), []);
  const { stdout } = await new Deno.Command("redis-cli", {
    args: ["-p", String(redis.port), "KEYS", "*"],
  }).output();
  const keys = new TextDecoder().decode(stdout).trim().split("\n").toSorted();
  assertEquals(keys, [
    "one:instances",
    `one:lease:${one.me}`,
    "one:{key}:s",
    "one:{key}:s:c",
    "one:{key}:s:e",
  ]);
  await Promise.all([one.close(), two.close()]);
});

Deno.test("while Redis is away everything is refused at once; it is taken up again by itself", async () => {
  await using redis = await RedisProcess.start();
  const [a, b] = [storeAt(redis), storeAt(redis)];
  let ups = 0;
  a.onUp = () => ups++;
  await Promise.all([a.start(), b.start()]);
  assertEquals(ups, 1);
  await redis.kill();
  await until(() => !a.isUp && !b.isUp);
  // Each would wait for ever if it waited for Redis.
  await assertRejects(() => a.events.append("k/s", 1, [event("one")]), Error, "away");
  await assertRejects(() => a.bus.broadcast({ kind: "x" }), Error, "away");
  await redis.restart();
  await until(() => a.isUp && b.isUp);
  assertEquals(ups, 2);
  const received = Promise.withResolvers<unknown>();
  b.bus.onMessage = received.resolve;
  await a.bus.send(b.me, { kind: "back" });
  assertEquals(await received.promise, { kind: "back" });
  assertEquals(await a.events.append("k/s", 1, [event("one")]), "kept");
  await Promise.all([a.close(), b.close()]);
});

Deno.test("instances whose clocks differ by minutes agree on the time, by the clock of Redis", async () => {
  await using redis = await RedisProcess.start();
  const [early, late] = [storeAt(redis), storeAt(redis)];
  await early.start();
  const { now } = Date;
  Date.now = () => now() + 300_000;
  try {
    await late.start();
    assert(Math.abs(early.now() - late.now()) < 5_000);
    assert(Math.abs(late.now() - now()) < 5_000);
  } finally {
    Date.now = now;
  }
  await Promise.all([early.close(), late.close()]);
});

Deno.test("a store that is not there yet is waited for", async () => {
  const redis = await RedisProcess.start();
  await redis.kill();
  const store = storeAt(redis);
  await store.start();
  assertEquals(store.isUp, false);
  await redis.restart();
  await until(() => store.isUp);
  await store.close();
  await redis.kill();
});

Deno.test("a Redis that has stopped answering is found out by a check, and taken up when it wakes", async () => {
  await using redis = await RedisProcess.start();
  const store = storeAt(redis);
  await store.start();
  redis.signal("SIGSTOP");
  const append = store.events.append("k/s", 1, [event("one")]).then(() => "kept", () => "unsure");
  await store.check();
  assertEquals(store.isUp, false);
  assertEquals(await append, "unsure");
  redis.signal("SIGCONT");
  await until(() => store.isUp);
  assertEquals(await store.events.append("k/s", 1, [event("one")]), "kept");
  await store.close();
});

Deno.test("what others write to the channels and keys ends nothing", async () => {
  await using redis = await RedisProcess.start();
  const store = storeAt(redis);
  await store.start();
  const messages: unknown[] = [];
  store.bus.onMessage = (message) => messages.push(message);
  const redisCli = (...args: string[]) =>
    new Deno.Command("redis-cli", { args: ["-p", String(redis.port), ...args] }).output();
  await redisCli("PUBLISH", `test:i:${store.me}`, "no JSON");
  await redisCli("PUBLISH", `test:i:${store.me}`, "@test:m:none");
  await redisCli("PUBLISH", `test:i:${store.me}`, "@another key");
  await redisCli("HSET", "test:{k}:s", "subscriptions", "[1,", "used", "soon", "x", "y");
  await redisCli("PUBLISH", `test:i:${store.me}`, '{"kind":"last"}');
  await until(() => messages.length > 0);
  assertEquals(messages, [{ kind: "last" }]);
  assertEquals(await store.directory.readSession("k"), {});
  await store.close();
});
