/** Planned ends of streams: their time, and the messages to the clients. */
import { assert, assertEquals, assertLess, assertMatch } from "@std/assert";
import { rpc, testApp } from "../helpers/app.ts";
import { TestSession } from "../helpers/session.ts";
import { EventReader } from "../helpers/sse.ts";
import { FakeTime } from "../helpers/time.ts";

const MAX_AGE_MS = 10_000;

/** An app in fake time, whose streams end after 8 to 10 s. */
function start(settings = {}) {
  const time = new FakeTime();
  const app = testApp({
    settings: { MCP_MAX_CONNECTION_MS: MAX_AGE_MS, ...settings },
    wheel: { clock: time.clock },
  });
  const dispose = () => {
    app.stop();
    time[Symbol.dispose]();
  };
  return { time, app, [Symbol.dispose]: dispose };
}

/** A 2024-11-05 stream, and how to send on it. */
async function openHttpSse(app: ReturnType<typeof start>["app"]) {
  const headers = { accept: "text/event-stream" };
  const events = new EventReader(await app.request("/mcp", { headers }));
  const endpoint = new URL((await events.nextNamed("endpoint")).data, "http://localhost/mcp");
  const send = (message: unknown) => app.post(`/mcp${endpoint.search}`, message);
  return { events, send };
}

for (
  const [reason, window] of [["max_age", [0, 100]], ["drain", [500, 5_000]]] as const
) {
  Deno.test(`a 2024-11-05 stream that ends by ${reason} tells its client how soon to come back, and the next one resets that`, async () => {
    using set = start();
    const { time, app } = set;
    const { events } = await openHttpSse(app);
    assertEquals(events.retries, [1_000]);
    if (reason === "drain") await app.drain(0);
    else await time.advance(MAX_AGE_MS);
    await events.rest();
    const retry = events.retries[1] ?? -1;
    assert(retry > window[0] && retry < window[1], String(retry));
    assertEquals(app.ledger().closed[reason], 1);
  });

  Deno.test(`a plain stream and a session's stream that end by ${reason} tell the same`, async () => {
    using set = start();
    const { time, app } = set;
    const plain = (await app.open()).events;
    const session = await TestSession.open(app, { version: "2025-06-18" });
    const standalone = new EventReader(await session.listen());
    if (reason === "drain") await app.drain(0);
    else await time.advance(MAX_AGE_MS);
    for (const events of [plain, standalone]) {
      const all = await events.rest();
      const retry = events.retries.at(-1) ?? -1;
      assert(retry > window[0] && retry < window[1], String(retry));
      if (events === plain) assertEquals(all.at(-1)?.json.data.reason, reason);
    }
    assertEquals(standalone.retries[0], 1_000);
  });
}

Deno.test("streams that a drain ends at once tell their clients to come back at different times", async () => {
  using set = start();
  const streams = await Promise.all(Array.from({ length: 50 }, () => openHttpSse(set.app)));
  await set.app.drain(0);
  const retries = new Set<number | undefined>();
  for (const { events } of streams) {
    await events.rest();
    retries.add(events.retries[1]);
  }
  assert(retries.size > 25, String(retries.size));
});

Deno.test("a message for a stream that has just ended by plan is answered 503 and says so, in both dialects", async () => {
  using set = start();
  const { time, app } = set;
  const { send, events } = await openHttpSse(app);
  const plain = await app.open();
  await time.advance(MAX_AGE_MS);
  await events.rest();
  const onPlain = (body: unknown) => app.post("/mcp/sse", body, { "mcp-connection-id": plain.id });
  for (const post of [send, onPlain]) {
    const response = await post(rpc("ping", {}, 9));
    assertEquals([response.status, response.headers.get("retry-after")], [503, "1"]);
    const { id, error } = await response.json();
    assertEquals([id, error.code, error.data], [9, -32603, { reason: "max_age", retry_after: 1 }]);
    assertMatch(
      error.message,
      /ended by plan \(max_age\), and nothing was run; send the request again/,
    );
  }
  await time.advance(61_000, 1_000);
  for (const post of [send, onPlain]) assertEquals((await post(rpc("ping"))).status, 404);
});

Deno.test("a message for a stream that its client has ended is answered 404", async () => {
  using set = start();
  const { app } = set;
  const { send, events } = await openHttpSse(app);
  await events.leave();
  assertEquals((await send(rpc("ping"))).status, 404);
  const plain = await app.open();
  await app.request("/mcp/sse", { method: "DELETE", headers: { "mcp-connection-id": plain.id } });
  const late = await app.post("/mcp/sse", rpc("ping"), { "mcp-connection-id": plain.id });
  assertEquals(late.status, 404);
});

Deno.test("that a stream has ended by plan is told to its own caller only", async () => {
  using time = new FakeTime();
  let principal = "ada";
  using app = testApp({
    settings: { MCP_MAX_CONNECTION_MS: MAX_AGE_MS },
    wheel: { clock: time.clock },
    authenticate: () => ({ principal }),
  });
  const { send } = await openHttpSse(app);
  await time.advance(MAX_AGE_MS);
  assertEquals((await send(rpc("ping"))).status, 503);
  principal = "eve";
  assertEquals((await send(rpc("ping"))).status, 404);
});

Deno.test("a planned end waits while a client sends one call after another, and comes when it pauses", async () => {
  using set = start();
  const { time, app } = set;
  const { send } = await openHttpSse(app);
  let calls = 0;
  for (; time.now < 2 * MAX_AGE_MS; await time.advance(100)) {
    assertEquals((await send(rpc("ping", {}, ++calls))).status, 202);
  }
  assertEquals(app.ledger().open, 1);
  await time.advance(600);
  assertEquals(app.ledger().closed.max_age, 1);
});

Deno.test("a client that never pauses is put off for MCP_REQUEST_TIMEOUT_MS at most", async () => {
  using set = start({ MCP_REQUEST_TIMEOUT_MS: 5_000 });
  const { time, app } = set;
  const { send } = await openHttpSse(app);
  while (app.ledger().open > 0) {
    await send(rpc("ping"));
    await time.advance(100);
    assertLess(time.now, MAX_AGE_MS + 5_500);
  }
  assertEquals(app.ledger().closed.max_age, 1);
});

Deno.test("a stream without calls ends as soon as its time has come", async () => {
  using set = start();
  const { time, app } = set;
  await openHttpSse(app);
  await time.advance(MAX_AGE_MS);
  assertEquals(app.ledger().closed.max_age, 1);
});
