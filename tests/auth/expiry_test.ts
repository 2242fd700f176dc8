/** Streams end with the token of their client, and go on when it has shown a newer one. */
import { assertEquals, assertLess, assertMatch } from "@std/assert";
import type { AppOptions } from "../../lib/mod.ts";
import { initializeRequest, rpc, type TestApp, toolCall } from "../helpers/app.ts";
import { BOTH } from "../helpers/session.ts";
import { EventReader } from "../helpers/sse.ts";
import { FakeTime } from "../helpers/time.ts";
import { HeldTool } from "../helpers/tools.ts";
import { mirrorHeaders, modernBody } from "../spec/support/modern.ts";
import { makeToken } from "./fake_issuer.ts";
import { guardedApp, PUBLIC_URL } from "./scene.ts";

const LEEWAY_MS = 1_000;
const INITIALIZE = initializeRequest();

/** An app in fake time whose clients have tokens that live for some seconds. */
class Scene implements Disposable {
  readonly time = new FakeTime();
  readonly held = new HeldTool();
  readonly app: TestApp;

  constructor(options: AppOptions = {}) {
    this.app = guardedApp({
      tools: [this.held.tool],
      ...options,
      wheel: { clock: this.time.clock },
      settings: {
        MCP_AUTH_LEEWAY_MS: LEEWAY_MS,
        // No test here reads all of its streams.
        MCP_PING_INTERVAL_MS: 600_000,
        ...options.settings,
      },
    });
  }

  async token(seconds: number, claims: Record<string, unknown> = {}) {
    const now = Date.now() / 1000;
    const token = await makeToken({
      claims: { aud: PUBLIC_URL, iat: now, exp: now + seconds, ...claims },
    });
    return { authorization: `Bearer ${token}` };
  }

  /** Close reasons so far, those that there were. */
  reasons(): Record<string, number> {
    const { closed } = this.app.ledger();
    return Object.fromEntries(Object.entries(closed).filter(([, count]) => count > 0));
  }

  async session(headers: Record<string, string>): Promise<Record<string, string>> {
    const response = await this.app.post("/mcp", INITIALIZE, headers);
    await response.body?.cancel();
    return { "mcp-session-id": response.headers.get("mcp-session-id") ?? "" };
  }

  [Symbol.dispose](): void {
    this.app.stop();
    this.time[Symbol.dispose]();
  }
}

type Opener = (scene: Scene, headers: Record<string, string>) => Promise<Response>;

const OPENERS: Readonly<Record<string, Opener>> = {
  plain: ({ app }, headers) =>
    app.request("/mcp/sse", {
      method: "POST",
      headers: { ...headers, accept: "text/event-stream" },
    }),
  http_sse: ({ app }, headers) =>
    app.request("/mcp", { headers: { ...headers, accept: "text/event-stream" } }),
  streamable: async (scene, headers) => {
    const session = await scene.session(headers);
    return await scene.app.request("/mcp", {
      headers: { ...headers, ...session, accept: "text/event-stream" },
    });
  },
  listen: ({ app }, headers) => {
    const body = modernBody("subscriptions/listen", { notifications: { toolsListChanged: true } });
    return app.post("/mcp", body, { ...mirrorHeaders(body), ...headers });
  },
};

for (const [dialect, open] of Object.entries(OPENERS)) {
  Deno.test(`${dialect}: a stream ends within a second of its token's end and the leeway`, async () => {
    using scene = new Scene();
    const response = await open(scene, await scene.token(3));
    assertEquals(response.status, 200);
    const events = new EventReader(response);
    await scene.time.advance(3_000 + LEEWAY_MS - 100);
    assertEquals(scene.reasons(), {});
    await scene.time.advance(1_000);
    assertEquals(scene.reasons(), { auth_expired: 1 });
    const rest = await events.rest();
    assertLess(events.retries.at(-1) ?? Infinity, 2_000, "its client may come back soon");
    if (dialect === "plain") assertEquals(rest.at(-1)?.json.data.reason, "auth_expired");
    if (dialect === "listen") assertEquals(rest.at(-1)?.json.result.resultType, "complete");
  });

  Deno.test(`${dialect}: a newer token of the same principal keeps the stream open`, async () => {
    using scene = new Scene();
    const response = await open(scene, await scene.token(3));
    await scene.time.advance(2_500);
    const ping = await scene.app.post("/mcp", rpc("ping"), await scene.token(10));
    await ping.body?.cancel();
    await scene.time.advance(8_000);
    assertEquals(scene.reasons(), {});
    await scene.time.advance(4_000);
    assertEquals(scene.reasons(), { auth_expired: 1 });
    await response.body?.cancel();
  });
}

Deno.test("a newer token of another principal keeps no stream open", async () => {
  using scene = new Scene();
  const response = await OPENERS.plain!(scene, await scene.token(3));
  const other = await scene.token(100, { sub: "eve" });
  await (await scene.app.post("/mcp", rpc("ping"), other)).body?.cancel();
  await scene.time.advance(5_000);
  assertEquals(scene.reasons(), { auth_expired: 1 });
  await response.body?.cancel();
});

Deno.test("an older token that comes later brings the end no nearer", async () => {
  using scene = new Scene();
  const older = await scene.token(5);
  const response = await OPENERS.plain!(scene, await scene.token(60));
  await (await scene.app.post("/mcp", rpc("ping"), older)).body?.cancel();
  await scene.time.advance(10_000);
  assertEquals(scene.reasons(), {});
  await response.body?.cancel();
});

Deno.test("a call whose token ends while it runs delivers its answer, and then its stream ends", async () => {
  using scene = new Scene();
  const headers = await scene.token(3);
  const opened = await scene.app.post("/mcp/sse", toolCall("held"), {
    ...headers,
    accept: "text/event-stream",
  });
  const events = new EventReader(opened);
  const call = await scene.held.next();
  await scene.time.advance(8_000);
  assertEquals(scene.reasons(), {});
  const connection = { "mcp-connection-id": opened.headers.get("mcp-connection-id") ?? "" };
  const late = await scene.app.post("/mcp/sse", rpc("ping"), { ...headers, ...connection });
  assertEquals(late.status, 401, "nothing new begins");
  await late.body?.cancel();
  call.finish("done");
  await scene.time.advance(1_000);
  const rest = await events.rest();
  assertEquals(rest.find(({ event }) => event === "response")?.json.result.content[0].text, "done");
  assertEquals(rest.at(-1)?.json.data.reason, "auth_expired");
});

Deno.test("2024-11-05: a call whose token ends delivers its answer on the stream, which then ends", async () => {
  using scene = new Scene();
  const headers = await scene.token(3);
  const events = new EventReader(await OPENERS.http_sse!(scene, headers));
  const endpoint = `/mcp${(await events.nextNamed("endpoint")).data}`;
  const taken = await scene.app.post(endpoint, toolCall("held"), headers);
  await taken.body?.cancel();
  const call = await scene.held.next();
  await scene.time.advance(8_000);
  assertEquals(scene.reasons(), {});
  const late = await scene.app.post(endpoint, rpc("ping", {}, 2), headers);
  assertEquals(late.status, 401, "nothing new begins");
  await late.body?.cancel();
  call.finish("done");
  await scene.time.advance(1_000);
  const rest = await events.rest();
  assertEquals(rest.at(-1)?.json.result.content[0].text, "done");
  assertEquals(scene.reasons(), { auth_expired: 1 });
});

for (const accept of [BOTH, "application/json"]) {
  Deno.test(`2026-07-28: a call whose token ends is answered, for a client that accepts ${accept}`, async () => {
    using scene = new Scene();
    const body = modernBody("tools/call", { name: "held", arguments: {} });
    const asked = scene.app.post("/mcp", body, {
      ...mirrorHeaders(body),
      ...await scene.token(3),
      accept,
    });
    const call = await scene.held.next();
    call.ctx.log.info("begun");
    await scene.time.advance(8_000);
    call.finish("done");
    await scene.time.advance(500);
    const response = await asked;
    assertEquals(response.status, 200);
    const text = await response.text();
    assertMatch(text, /"text":"done"/);
  });
}

Deno.test("a call that never ends holds up the end no longer than a call may take", async () => {
  using scene = new Scene({ settings: { MCP_REQUEST_TIMEOUT_MS: 10_000 } });
  const opened = await scene.app.post("/mcp/sse", toolCall("held"), {
    ...await scene.token(3),
    accept: "text/event-stream",
  });
  await scene.held.next();
  await scene.time.advance(15_000);
  assertEquals(scene.reasons(), { auth_expired: 1 });
  await opened.body?.cancel();
});

Deno.test("the answer of a session's call waits for a client with a fresh token", async () => {
  using scene = new Scene();
  const headers = await scene.token(3);
  const session = await scene.session(headers);
  const response = await scene.app.post("/mcp", toolCall("held"), {
    ...headers,
    ...session,
    accept: BOTH,
  });
  const events = new EventReader(response);
  const call = await scene.held.next();
  await scene.time.advance(5_000);
  call.finish("done");
  await scene.time.advance(500);
  const rest = await events.rest();
  assertEquals(rest.at(-1)?.json.result.content[0].text, "done");
  const fresh = await scene.token(60);
  const again = await scene.app.post("/mcp", rpc("ping"), { ...fresh, ...session });
  assertEquals(again.status, 200, "the session goes on");
  await again.body?.cancel();
});

Deno.test("a batch whose token ends while it runs is answered in full", async () => {
  using scene = new Scene();
  const headers = await scene.token(3);
  const initialize = initializeRequest("2025-03-26");
  const opened = await scene.app.post("/mcp", initialize, headers);
  await opened.body?.cancel();
  const session = { "mcp-session-id": opened.headers.get("mcp-session-id") ?? "" };
  const response = await scene.app.post("/mcp", [rpc("ping", {}, 1), toolCall("held", {}, 2)], {
    ...headers,
    ...session,
    accept: BOTH,
  });
  const events = new EventReader(response);
  const call = await scene.held.next();
  await scene.time.advance(6_000);
  call.finish("done");
  await scene.time.advance(500);
  const ids = (await events.rest()).flatMap(({ json }) => json?.id ?? []);
  assertEquals(ids.sort(), [1, 2]);
});

Deno.test("streams of keys end when the key does, without leeway; a key without end ends none", async () => {
  const expires = new Date(Date.UTC(2026, 0, 1) + 3_000).toISOString();
  const keys = [
    { name: "short", key: "the-key-that-is-short", expires },
    { name: "long", key: "the-key-that-is-long" },
  ];
  using scene = new Scene({ auth: { keys } });
  const open = (key: string) => OPENERS.plain!(scene, { authorization: `Bearer ${key}` });
  const responses = [await open("the-key-that-is-short"), await open("the-key-that-is-long")];
  await scene.time.advance(3_100);
  assertEquals(scene.reasons(), { auth_expired: 1 });
  await new EventReader(responses[0]!).rest();
  await scene.time.advance(60_000);
  assertEquals(scene.reasons(), { auth_expired: 1 });
  await responses[1]?.body?.cancel();
});

Deno.test("1,000 streams that end together ask their clients to come back spread over 2 s", async () => {
  using scene = new Scene({ settings: { MCP_MAX_CONNECTIONS_PER_CLIENT: 2_000 } });
  const headers = await scene.token(3);
  const responses = await Promise.all(
    Array.from({ length: 1_000 }, () => OPENERS.http_sse!(scene, headers)),
  );
  const readers = responses.map((response) => new EventReader(response));
  await scene.time.advance(5_000);
  assertEquals(scene.reasons(), { auth_expired: 1_000 });
  const retries: number[] = [];
  for (const reader of readers) {
    await reader.rest();
    retries.push(reader.retries.at(-1) ?? -1);
  }
  const inTenths = Map.groupBy(retries, (retry) => Math.floor(retry / 200));
  assertEquals([...inTenths.keys()].sort((a, b) => a - b), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  for (const [, those] of inTenths) assertLess(those.length, 200);
});

Deno.test("an opaque token is looked up again while its stream is open, and ends it when withdrawn", async () => {
  let answer: () => Response = () => Response.json({ active: true, sub: "ada", aud: PUBLIC_URL });
  let asked = 0;
  using scene = new Scene({
    settings: {
      MCP_AUTH_ISSUERS: [],
      MCP_AUTH_INTROSPECTION_URL: "https://issuer.example/introspect",
      MCP_AUTH_INTROSPECTION_CLIENT_ID: "lifeline",
      MCP_AUTH_INTROSPECTION_CLIENT_SECRET: "12345678",
      MCP_AUTH_RECHECK_MS: 5_000,
    },
    auth: {
      fetch: () => {
        asked++;
        return Promise.resolve(answer());
      },
    },
  });
  const response = await OPENERS.plain!(scene, { authorization: "Bearer opaque" });
  assertEquals(response.status, 200);
  await scene.time.advance(16_000);
  assertEquals(asked, 4, "when it came, and each 5 s since");
  answer = () => new Response(null, { status: 500 });
  await scene.time.advance(10_000);
  assertEquals(scene.reasons(), {}, "a server that fails has withdrawn nothing");
  answer = () => Response.json({ active: false });
  await scene.time.advance(5_100);
  assertEquals(scene.reasons(), { auth_expired: 1 });
  await new EventReader(response).rest();
  await scene.time.advance(30_000);
  const after = asked;
  await scene.time.advance(30_000);
  assertEquals(asked, after, "nobody asks any more");
});
