/**
 * The parts of the test page that need no browser.
 *
 * @module
 */
import { assert, assertEquals, assertLess, assertRejects } from "@std/assert";
import { CLOSE_REASONS } from "../../lib/stream/close_reason.ts";
import { Calls } from "../../static/client/calls.js";
import { CLOSE_REASONS as EXPLAINED, explain } from "../../static/client/close_reasons.js";
import { toCurl } from "../../static/client/dialects/curl.js";
import { PingStats } from "../../static/client/ping_stats.js";
import { describeEvent, describeSent } from "../../static/client/summaries.js";
import { EventStore } from "../../static/ui/event_store.js";

Deno.test("explain() has words for every close reason of the server", () => {
  for (const reason of CLOSE_REASONS) assert(Object.hasOwn(EXPLAINED, reason), reason);
});

Deno.test("explain() has words for a reason it does not know", () => {
  for (const reason of ["something_new", "__proto__", "toString"]) {
    assertEquals(explain(reason).tone, "warn");
  }
});

Deno.test("toCurl() quotes so that a shell passes everything on unchanged", () => {
  const command = toCurl({
    method: "POST",
    url: "http://localhost/mcp/sse",
    headers: { "Content-Type": "application/json" },
    body: `{"a":"it's $HOME \`x\` \\"}`,
  });
  assertEquals(
    command,
    [
      "curl -N",
      "-H 'Content-Type: application/json'",
      `--data-raw '{"a":"it'\\''s $HOME \`x\` \\"}'`,
      "'http://localhost/mcp/sse'",
    ].join(" \\\n  "),
  );
});

Deno.test("toCurl() names the method where curl would take another", () => {
  const request = { url: "http://localhost/", headers: {} };
  assertEquals(toCurl({ ...request, method: "POST" }).split(" \\\n  ")[1], "-X POST");
  assertEquals(toCurl({ ...request, method: "DELETE" }).split(" \\\n  ")[1], "-X DELETE");
});

Deno.test("PingStats tells how late a ping is against the beat of the others", () => {
  const stats = new PingStats();
  for (let count = 1; count <= 5; count++) assertEquals(stats.add(count, count * 1_000).lateMs, 0);
  assertEquals(stats.add(6, 6_400).lateMs, 400);
  assertEquals(stats.add(7, 7_400).lateMs, 400);
  assertEquals(stats.add(8, 8_000).lateMs, 0);
  assertEquals(stats.usualGapMs, 1_000);
  assertEquals(stats.nextAt, 9_000);
});

Deno.test("PingStats counts the pings that were left out", () => {
  const stats = new PingStats();
  for (const count of [1, 2, 3, 6]) stats.add(count, count * 1_000);
  assertEquals(stats.samples.map(({ missed }) => missed), [0, 0, 0, 2]);
  assertEquals(stats.samples.at(-1)?.lateMs, 0);
});

Deno.test("PingStats lets no error of its beat add up over hours", () => {
  const stats = new PingStats();
  // Gaps of 1,001 and 1,003 ms by turns: no median is their mean.
  let at = 0;
  for (let count = 1; count <= 10_000; count++) {
    at += count % 2 === 0 ? 1_001 : 1_003;
    assertLess(stats.add(count, at).lateMs, 20);
  }
  assertEquals(stats.samples.length, 60);
});

Deno.test("Calls hands each answer to the request with its id", async () => {
  const calls = new Calls();
  const [one, two] = [calls.start("ping"), calls.start("ping")];
  calls.receive({ jsonrpc: "2.0", id: two.id, result: 2 });
  calls.receive({ jsonrpc: "2.0", id: one.id, result: 1 });
  assertEquals([await one.result, await two.result], [1, 2]);
  assertEquals(calls.size, 0);
});

Deno.test("Calls passes progress to the call with its token alone", () => {
  const calls = new Calls();
  const seen: unknown[] = [];
  calls.start("tools/call", { name: "other" }, () => void seen.push("other"));
  const call = calls.start("tools/call", { name: "x" }, (progress) => void seen.push(progress));
  const { params } = call.message as { params: { _meta: { progressToken: string } } };
  calls.receive({
    method: "notifications/progress",
    params: { progressToken: params._meta.progressToken, progress: 1, total: 2 },
  });
  assertEquals(seen, [{ progress: 1, total: 2 }]);
});

Deno.test("Calls fails what still runs when the connection ends, and ignores late answers", async () => {
  const calls = new Calls();
  const { id, result } = calls.start("ping");
  calls.failAll("The connection ended: drain");
  await assertRejects(() => result, Error, "drain");
  calls.receive({ id, result: {} });
  calls.receive({ id: null, error: { code: -32600, message: "who?" } });
  calls.receive(undefined);
  assertEquals(calls.size, 0);
});

Deno.test("EventStore keeps the newest events and stays bounded", () => {
  const store = new EventStore(100);
  for (let n = 1; n <= 10_000; n++) store.add({ kind: "ping", summary: `ping ${n}`, data: "{}" });
  assert(store.events.length <= 110);
  assertEquals(store.newestNumber, 10_000);
  const filter = { hidden: new Set<string>(), text: "" };
  assertEquals(store.newest(filter, 2).map(({ n }) => n), [10_000, 9_999]);
});

Deno.test("EventStore lets old events go when a few are huge", () => {
  const store = new EventStore();
  const data = "x".repeat(4_000_000);
  for (let n = 1; n <= 10; n++) store.add({ kind: "response", summary: "", data });
  assertEquals(store.events.length, 4);
});

Deno.test("EventStore finds by kind and by text, without regard to case", () => {
  const store = new EventStore();
  store.add({ kind: "sent", summary: "call Echo", data: "{}" });
  store.add({ kind: "response", summary: "fine", data: '{"text":"ECHO"}' });
  store.add({ kind: "ping", summary: "ping 1", data: "{}" });
  const find = (text: string, ...hidden: string[]) =>
    store.newest({ hidden: new Set(hidden), text }, 10).map(({ kind }) => kind);
  assertEquals(find("echo"), ["response", "sent"]);
  assertEquals(find("echo", "sent"), ["response"]);
  assertEquals(find("", "response", "sent"), ["ping"]);
  assertEquals(find("nowhere"), []);
});

Deno.test("EventStore gives only what is newer than the last look, also after clear()", () => {
  const store = new EventStore();
  const add = (summary: string) => store.add({ kind: "note", summary, data: "" });
  add("one");
  const after = store.newestNumber;
  add("two");
  store.clear();
  add("three");
  const seen = store.newest({ hidden: new Set(), text: "", after }, 10);
  assertEquals(seen.map(({ summary }) => summary), ["three"]);
});

Deno.test("describeEvent() and describeSent() say something of whatever came", () => {
  for (const message of [undefined, null, 1, "x", [], {}, { data: null }, { params: null }]) {
    for (const kind of ["welcome", "ping", "close", "error", "response", "message", "new"]) {
      assertEquals(typeof describeEvent(kind, message), "string");
    }
  }
  assertEquals(describeSent(undefined), "open a stream");
});
