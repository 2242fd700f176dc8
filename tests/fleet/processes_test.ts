/** What one instance began, another goes on with: real processes, each store, no proxy that sticks. */
import { assert, assertEquals, assertLess, assertRejects } from "@std/assert";
import { initializeRequest, rpc } from "../helpers/app.ts";
import { type MainOptions, REDIS_FLAGS } from "../helpers/process.ts";
import { RedisProcess } from "../helpers/redis.ts";
import { EventReader } from "../helpers/sse.ts";
import { Instances, openSession, post, resume } from "./instances.ts";

const LEASE_MS = 2_000;

/** A store that instances share, as settings and permissions. */
interface StoreSetup extends AsyncDisposable {
  readonly options: MainOptions;
}

const STORES: Readonly<Record<string, () => Promise<StoreSetup>>> = {
  Redis: async () => {
    const redis = await RedisProcess.start();
    return {
      options: {
        env: { MCP_STORE: redis.url, MCP_STORE_LEASE_MS: String(LEASE_MS) },
        flags: REDIS_FLAGS,
      },
      [Symbol.asyncDispose]: () => redis.kill(),
    };
  },
  "a local Deno KV": async () => {
    const folder = await Deno.makeTempDir();
    return {
      options: {
        env: { MCP_STORE: `kv:${folder}/kv`, MCP_STORE_LEASE_MS: String(LEASE_MS) },
        flags: [`--allow-read=${folder}`, `--allow-write=${folder}`],
      },
      [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
    };
  },
};

/** A call that takes a while and reports its progress. */
function countdown(from: number, interval_ms: number) {
  const params = { name: "countdown", arguments: { from, interval_ms } };
  return rpc("tools/call", { ...params, _meta: { progressToken: 1 } });
}

/** Reads up to the response, returns all events with data, and leaves. */
async function untilResponse(events: EventReader) {
  const read = [];
  for (let event = await events.next(); event !== undefined; event = await events.next()) {
    if (event.json === undefined) continue;
    read.push(event.json);
    if (!("id" in event.json)) continue;
    await events.leave();
    return read;
  }
  throw new Error(`The stream ended without a response: ${events.text}`);
}

for (const [name, makeStore] of Object.entries(STORES)) {
  Deno.test(`${name}: a call is resumed at another instance, and its session ends everywhere`, async () => {
    await using store = await makeStore();
    await using instances = await Instances.start(2, store.options);
    const session = await openSession(instances.url(0));
    const listed = await post(instances.url(1), rpc("tools/list"), session);
    assertEquals((await listed.json()).result.tools.length > 0, true);

    const call = countdown(6, 250);
    const stream = new EventReader(await post(instances.url(0), call, session));
    let last = await stream.next();
    const seen = [];
    while (seen.length < 2) {
      last = await stream.next();
      if (last?.json !== undefined) seen.push(last.json);
    }
    await stream.leave();
    const rest = await untilResponse(await resume(instances.url(1), session, last?.id ?? ""));
    const steps = [...seen, ...rest].flatMap(({ params }) => params?.progress ?? []);
    assertEquals(steps, [1, 2, 3, 4, 5, 6]);
    assertEquals(rest.at(-1).result.content[0].text, "Counted down from 6");

    const ended = await fetch(instances.url(1), { method: "DELETE", headers: session });
    const endedAt = performance.now();
    assert(ended.ok);
    await ended.body?.cancel();
    // A local Deno KV carries messages between processes with a delay.
    for (let status = 0; status !== 404;) {
      const after = await post(instances.url(0), rpc("tools/list"), session);
      await after.body?.cancel();
      status = after.status;
      assertLess(performance.now() - endedAt, 20_000, `still ${status}`);
    }
  });

  Deno.test(`${name}: a message of 2024-11-05 reaches its stream through another instance`, async () => {
    await using store = await makeStore();
    await using instances = await Instances.start(2, store.options);
    const response = await fetch(instances.url(0), { headers: { accept: "text/event-stream" } });
    const events = new EventReader(response);
    const endpoint = (await events.next())?.data ?? "";
    const path = new URL(endpoint, instances.url(1)).href;
    const sent = await post(path, initializeRequest("2024-11-05"));
    await sent.body?.cancel();
    assertEquals(sent.status, 202);
    const [answer] = await untilResponse(events);
    assertEquals(answer.result.protocolVersion, "2024-11-05");
  });

  Deno.test(`${name}: the call of an instance that is killed ends with one error of unknown outcome`, async () => {
    await using store = await makeStore();
    await using instances = await Instances.start(2, store.options);
    const session = await openSession(instances.url(0));
    const call = countdown(600, 100);
    const stream = new EventReader(await post(instances.url(0), call, session));
    let last = await stream.next();
    while (last?.json === undefined) last = await stream.next();
    await instances.all[0]?.stop("SIGKILL");
    const killedAt = performance.now();
    await stream.leave().catch(() => {});
    const rest = await untilResponse(await resume(instances.url(1), session, last.id ?? ""));
    assertEquals(rest.at(-1).error.data.outcome, "unknown");
    // The lease, a second, and what a slow machine takes.
    assertLess(performance.now() - killedAt, LEASE_MS + 1_000 + 5_000);
  });
}

Deno.test("an instance that stops takes no connection any more, while its call runs to its end", async () => {
  await using redis = await RedisProcess.start();
  const env = { MCP_STORE: redis.url };
  await using instances = await Instances.start(2, { env, flags: REDIS_FLAGS });
  const session = await openSession(instances.url(0));
  const stream = new EventReader(await post(instances.url(0), countdown(20, 100), session));
  let event = await stream.next();
  while (event?.json === undefined) event = await stream.next();
  const ended = instances.all[0]?.stop("SIGTERM");
  await instances.all[0]?.until(/Stopping/);
  await assertRejects(async () => {
    // Until the runtime has closed the socket, which it does in the background.
    for (let tries = 0; tries < 50; tries++) {
      const response = await fetch(`${instances.all[0]?.url}/healthz`, {
        headers: { connection: "close" },
      });
      await response.body?.cancel();
    }
  }, TypeError);
  const read = await untilResponse(stream);
  assertEquals(read.at(-1).result.content[0].text, "Counted down from 20");
  assertEquals(await ended, 0);
});
