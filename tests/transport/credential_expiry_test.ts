/** Streams of every dialect end with the credential of their client. */
import { assertEquals } from "@std/assert";
import type { Peer } from "../../lib/mod.ts";
import { PLAIN_HEADERS, rpc, type TestApp, testApp } from "../helpers/app.ts";
import { TestSession } from "../helpers/session.ts";
import { EventReader } from "../helpers/sse.ts";
import { FakeTime } from "../helpers/time.ts";

const TTL = 10_000;

function adaFor(ms: number): Peer {
  return { address: "192.0.2.1", principal: "ada", expiresAt: Date.now() + ms };
}

function openPlain(app: TestApp, peer: Peer): Promise<Response> {
  return app.request("/mcp/sse", { method: "POST", headers: PLAIN_HEADERS, body: null }, peer);
}

function openHttpSse(app: TestApp, peer: Peer): Promise<Response> {
  return app.request("/mcp", { headers: { accept: "text/event-stream" } }, peer);
}

async function openSession(app: TestApp, peer: Peer): Promise<Response> {
  return await (await TestSession.open(app, { peer })).listen();
}

for (
  const [dialect, open] of Object.entries({
    plain: openPlain,
    http_sse: openHttpSse,
    streamable: openSession,
  })
) {
  Deno.test(`${dialect}: a stream ends for auth_expired with the credential`, async () => {
    using time = new FakeTime();
    using app = testApp({ wheel: { clock: time.clock } });
    const reader = new EventReader(await open(app, adaFor(TTL)));
    await time.advance(TTL + 100);
    assertEquals(app.ledger().closed.auth_expired, 1);
    await reader.leave();
  });
}

Deno.test("a request with a newer token keeps the streams of its session and a plain stream", async () => {
  using time = new FakeTime();
  using app = testApp({ wheel: { clock: time.clock } });
  const plain = new EventReader(await openPlain(app, adaFor(TTL)));
  const { connection_id: id } = (await plain.nextNamed("welcome")).json.result;
  const session = await TestSession.open(app, { peer: adaFor(TTL) });
  const listening = new EventReader(await session.listen());
  const renewed = { peer: adaFor(3 * TTL) };
  assertEquals((await session.on(app, renewed).post(rpc("ping"))).status, 200);
  const headers = { "content-type": "application/json", "mcp-connection-id": id };
  const body = JSON.stringify(rpc("ping"));
  const { status } = await app.request("/mcp/sse", { method: "POST", headers, body }, renewed.peer);
  assertEquals(status, 202);
  const reading = [plain.rest(), listening.rest()];
  await time.advance(2 * TTL);
  assertEquals(app.ledger().open, 2);
  await time.advance(TTL + 100);
  assertEquals([app.ledger().open, app.ledger().closed.auth_expired], [0, 2]);
  await Promise.all(reading);
});
