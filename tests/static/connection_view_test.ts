/**
 * The parts of the connection view that need no browser.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { mock } from "node:test";
import { CLOSE_REASONS } from "../../lib/stream/close_reason.ts";
import { kindOf } from "../../static/client/close_reasons.js";
import { LedgerClient, LedgerRefusal } from "../../static/client/ledger_client.js";
import { LedgerHistory, SLOT_MS, SPAN_MS } from "../../static/client/ledger_history.js";
import { Poller } from "../../static/client/poller.js";
import { FakeTime, settled } from "../helpers/time.ts";

const START = 100 * SPAN_MS;
const QUERY = { offset: 50, limit: 50, filter: "a&b", sort: "sent", order: "desc" };

/** A ledger that adds up. */
function ledger(open: number, closed: Record<string, number>) {
  const ended = Object.values(closed).reduce((sum, count) => sum + count, 0);
  return { opened: open + ended, open, closed };
}

Deno.test("`kindOf()` knows every close reason of the server, and takes others for trouble", () => {
  const kinds = new Set(CLOSE_REASONS.map((reason) => kindOf(reason)));
  assertEquals([...kinds].sort(), ["done", "due", "left", "lost"]);
  assertEquals(CLOSE_REASONS.filter((reason) => kindOf(reason) === "lost"), [
    "write_failed",
    "ping_failed",
    "queue_full",
    "peer_lost",
    "error",
  ]);
  for (const reason of ["something_new", "__proto__", "toString"]) {
    assertEquals(kindOf(reason), "lost");
  }
});

Deno.test("`LedgerHistory` counts what closed between two looks, and nothing from before the first", () => {
  const history = new LedgerHistory();
  history.add(ledger(3, { max_age: 7, drain: 0 }), START);
  history.add(ledger(2, { max_age: 7, drain: 1 }), START + 2_000);
  history.add(ledger(0, { max_age: 9, drain: 1 }), START + 4_000);
  assertEquals(history.samples.map(({ open, closed }) => [open, closed]), [
    [3, {}],
    [2, { drain: 1 }],
    [0, { max_age: 2 }],
  ]);
  assertEquals(history.reasons(), [["max_age", 2], ["drain", 1]]);
});

Deno.test("`LedgerHistory` counts no closes of an instance that comes, goes or is silent", () => {
  const history = new LedgerHistory();
  const a = { name: "a" };
  const b = { name: "b" };
  const silent = { ...b, is_silent: true } as const;
  history.add({ ...ledger(5, { completed: 90 }), instances: [a, b] }, START);
  history.add({ ...ledger(2, { completed: 30 }), instances: [a, silent] }, START + 2_000);
  history.add({ ...ledger(2, { completed: 31 }), instances: [silent, a] }, START + 4_000);
  history.add({ ...ledger(5, { completed: 95 }), instances: [b, a] }, START + 6_000);
  assertEquals(history.reasons(), [["completed", 1]]);
  history.add({ ...ledger(5, { completed: 97 }), instances: [a, b] }, START + 8_000);
  assertEquals(history.reasons(), [["completed", 3]]);
});

Deno.test("`LedgerHistory` takes counts that shrink for those of a server started anew", () => {
  const history = new LedgerHistory();
  history.add(ledger(5, { completed: 90 }), START);
  history.add(ledger(1, { completed: 2 }), START + 2_000);
  assertEquals(history.reasons(), [["completed", 2]]);
  history.add(ledger(200, { completed: 1 }), START + 4_000);
  assertEquals(history.reasons(), [["completed", 3]]);
});

Deno.test("`LedgerHistory` sums closes up by slots that end with the present one", () => {
  const history = new LedgerHistory();
  history.add(ledger(4, {}), START);
  history.add(ledger(3, { limit: 1 }), START + SLOT_MS);
  history.add(ledger(1, { limit: 2, error: 1 }), START + SLOT_MS + 2_000);
  const slots = history.slots(START + 2 * SLOT_MS);
  assertEquals(slots.length, 60_000 / SLOT_MS);
  assertEquals(slots.slice(-3), [
    { from: START, open: 4, closed: {}, total: 0 },
    { from: START + SLOT_MS, open: 1, closed: { limit: 2, error: 1 }, total: 3 },
    { from: START + 2 * SLOT_MS, open: undefined, closed: {}, total: 0 },
  ]);
  assert(slots.slice(0, -3).every(({ open, total }) => open === undefined && total === 0));
});

Deno.test("`LedgerHistory` looks from nearer while it is young", () => {
  const history = new LedgerHistory();
  history.add(ledger(1, {}), START);
  const spans = [0, 60_000, 60_001, 120_001, 300_001, SPAN_MS].map((ms) =>
    history.span(START + ms)
  );
  assertEquals(spans, [60_000, 60_000, 120_000, 300_000, SPAN_MS, SPAN_MS]);
  assertEquals(history.slots(START + 60_001).length, 120_000 / SLOT_MS);
});

Deno.test("`LedgerHistory` forgets what is older than its span, and never keeps more than 600 looks", () => {
  const history = new LedgerHistory();
  for (let i = 0; i <= 1_000; i++) history.add(ledger(1, { completed: i }), START + i * 2_000);
  const first = history.samples[0];
  assertEquals(first?.at, START + 2_000_000 - SPAN_MS);
  assertEquals(history.samples.length, SPAN_MS / 2_000 + 1);
  for (let i = 0; i < 5_000; i++) history.add(ledger(1, {}), START + 2_000_000 + i);
  assertEquals(history.samples.length, 600);
});

Deno.test("`Poller` never works twice at once, and waits from the end of one to the next", async () => {
  using time = new FakeTime();
  const runs: PromiseWithResolvers<void>[] = [];
  const poller = new Poller(() => {
    const run = Promise.withResolvers<void>();
    runs.push(run);
    return run.promise;
  }, 2_000);
  poller.start();
  await time.advance(10_000);
  assertEquals(runs.length, 1, "a slow one is waited for");
  runs[0]?.resolve();
  await time.advance(1_900);
  assertEquals(runs.length, 1);
  await time.advance(200);
  assertEquals(runs.length, 2);
  poller.stop();
  runs[1]?.resolve();
  await time.advance(10_000);
  assertEquals([runs.length, poller.isOn], [2, false], "stopped");
});

Deno.test("`Poller.now()` works at once, also while stopped, and once more for what came meanwhile", async () => {
  const runs: PromiseWithResolvers<void>[] = [];
  const poller = new Poller(() => {
    const run = Promise.withResolvers<void>();
    runs.push(run);
    return run.promise;
  }, 2_000);
  const done = poller.now();
  void poller.now();
  void poller.now();
  assertEquals(runs.length, 1);
  runs[0]?.resolve();
  await settled();
  assertEquals(runs.length, 2);
  runs[1]?.resolve();
  await done;
  assertEquals([runs.length, poller.isOn], [2, false]);
});

/** Answers `fetch`, and records its requests. */
function serve(answers: Response[]) {
  const asked: { url: string; method: string; authorization: string | null }[] = [];
  const fake = mock.method(globalThis, "fetch", (url: string, init: RequestInit) => {
    const authorization = new Headers(init.headers).get("authorization");
    asked.push({ url, method: init.method ?? "", authorization });
    return Promise.resolve(answers.shift());
  });
  return { asked, [Symbol.dispose]: () => fake.mock.restore() };
}

function refusal(status: number, body: string): Response {
  return new Response(body, { status });
}

Deno.test("`LedgerClient` sends its query encoded, and the token once it has one", async () => {
  using server = serve([Response.json({ open: 1 }), Response.json({ open: 2 })]);
  const client = new LedgerClient("http://localhost/mcp/connections");
  await client.look(QUERY);
  client.token = "secret";
  assertEquals((await client.look(QUERY)).open, 2);
  assertEquals(server.asked[0], {
    url: "http://localhost/mcp/connections?offset=50&limit=50&filter=a%26b&sort=sent&order=desc",
    method: "GET",
    authorization: null,
  });
  assertEquals(server.asked[1]?.authorization, "Bearer secret");
});

Deno.test("`LedgerClient.endPrincipal()` ends all of a caller, and tells how many there were", async () => {
  using server = serve([Response.json({ streams: 2, sessions: 1 })]);
  const client = new LedgerClient("http://localhost/mcp/connections");
  const ended = await client.endPrincipal("https://issuer.example ada");
  assertEquals(ended, { streams: 2, sessions: 1 });
  assertEquals([server.asked[0]?.method, server.asked[0]?.url], [
    "DELETE",
    "http://localhost/mcp/connections?principal=https%3A%2F%2Fissuer.example+ada",
  ]);
});

Deno.test("`LedgerClient.disconnect()` tells whether there was anything to end", async () => {
  using server = serve([new Response(null, { status: 204 }), refusal(404, "{}")]);
  const client = new LedgerClient("http://localhost/mcp/connections");
  assertEquals([await client.disconnect("a"), await client.disconnect("a")], [true, false]);
  assertEquals(server.asked[0]?.url, "http://localhost/mcp/connections?id=a");
});

Deno.test("`LedgerClient` passes on what the server says, and knows an answer that is not the server's", async () => {
  using _server = serve([
    refusal(401, JSON.stringify({ jsonrpc: "2.0", error: { code: 1, message: "Send the token" } })),
    refusal(502, "<h1>Bad gateway</h1>"),
  ]);
  const client = new LedgerClient("http://localhost/mcp/connections");
  const first = await assertRejects(() => client.look(QUERY), LedgerRefusal, "Send the token");
  assertEquals(first.status, 401);
  await assertRejects(() => client.disconnect("a"), LedgerRefusal, "not from this server");
});
