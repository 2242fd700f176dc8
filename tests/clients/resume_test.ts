/** The official clients of 2025-11-25 lose their connections in the middle of a call. */
import { assertEquals, assertRejects } from "@std/assert";
import { CuttingProxy } from "../helpers/cutting_proxy.ts";
import { toolCall } from "../helpers/app.ts";
import { Inbox, type OfficialClient, type Target } from "./official_client.ts";
import { connectV1 } from "./sdk_v1.ts";
import { connectV2 } from "./sdk_v2.ts";
import { serveFixture } from "./serve_fixture.ts";

const ROWS: readonly (readonly [string, (target: Target) => Promise<OfficialClient>])[] = [
  ["SDK 1.x", (target) => connectV1("http", target)],
  ["client 2.x", (target) => connectV2({ mode: "legacy", transport: "http" }, target)],
];

/** A GET that a client sent. */
interface Get {
  readonly resumes: boolean;
  readonly status: number;
}

/** The fixture behind a network that can be cut, and a client that uses it. */
async function connectThroughProxy(connect: (target: Target) => Promise<OfficialClient>) {
  const server = serveFixture();
  const proxy = new CuttingProxy(server.origin);
  const gets = new Inbox<Get>();
  const spy: typeof fetch = async (input, init) => {
    const response = await fetch(input, init);
    const resumes = new Headers(init?.headers).has("last-event-id");
    if (init?.method === "GET") gets.put({ resumes, status: response.status });
    return response;
  };
  const client = await connect({ url: new URL("/mcp", proxy.origin), fetch: spy });
  await gets.take();
  /** Calls a tool past the proxy, without a session. */
  const callDirectly = async (name: string, args: Record<string, unknown>) => {
    const response = await fetch(`${server.origin}/mcp`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(toolCall(name, args)),
    });
    assertEquals((await response.json()).result.content[0].text, "ok");
  };
  return {
    ...{ app: server.app, proxy, client, gets, callDirectly },
    [Symbol.asyncDispose]: async () => {
      await client[Symbol.asyncDispose]();
      await proxy[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

async function take<T>(inbox: Inbox<T>, count: number): Promise<T[]> {
  const items: T[] = [];
  while (items.length < count) items.push(await inbox.take());
  return items;
}

for (const [name, connect] of ROWS) {
  Deno.test(`${name} resumes a call that was cut, with every message once and in order`, async () => {
    await using set = await connectThroughProxy(connect);
    const call = set.client.call("narrate", { key: "cut" });
    assertEquals(await take(set.client.logged, 3), [1, 2, 3]);
    set.proxy.cut();
    await set.callDirectly("release", { key: "cut" });
    assertEquals((await call).text, "told");
    assertEquals(await take(set.client.logged, 3), [4, 5, 6]);
    assertEquals(set.client.logged.size, 0);
    // Both streams were cut, and both are back.
    assertEquals(await take(set.gets, 2), Array(2).fill({ resumes: true, status: 200 }));
  });

  Deno.test(`${name} resumes a call that is cut again before anything else was said`, async () => {
    await using set = await connectThroughProxy(connect);
    const ids = new Inbox<string>();
    const call = set.client.call("narrate", { key: "twice" }, { onEventId: (id) => ids.put(id) });
    await take(ids, 4);
    for (let cuts = 0; cuts < 2; cuts++) {
      set.proxy.cut();
      await ids.take();
      assertEquals(await take(set.gets, 2), Array(2).fill({ resumes: true, status: 200 }));
    }
    await set.callDirectly("release", { key: "twice" });
    assertEquals((await call).text, "told");
    assertEquals(await take(set.client.logged, 6), [1, 2, 3, 4, 5, 6]);
    assertEquals(set.client.logged.size, 0);
  });

  Deno.test(`${name} hears of a change that was made while it was cut off`, async () => {
    await using set = await connectThroughProxy(connect);
    set.proxy.cut();
    await set.callDirectly("grow", { name: "grown" });
    assertEquals(await set.client.listChanges.take(), "tools");
    assertEquals(await set.gets.take(), { resumes: true, status: 200 });
    assertEquals(set.client.listChanges.size, 0);
    assertEquals((await set.client.listTools()).at(-1), "grown");
  });
}

Deno.test("SDK 1.x, which comes back after an error, is told that nothing is left", async () => {
  await using set = await connectThroughProxy((target) => connectV1("http", target));
  await assertRejects(() => set.client.call("refuse"), Error, "refused");
  assertEquals(await set.gets.take(), { resumes: true, status: 405 });
  assertEquals((await set.client.call("add", { a: 1, b: 2 })).text, '{"sum":3}');
  assertEquals(set.app.connections.ledger().closed.superseded, 0);
  assertEquals(set.client.errors, []);
});
