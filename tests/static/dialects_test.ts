/**
 * The parts of the page's dialects and calls that need no browser.
 *
 * @module
 */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { decodeHeaderValue } from "../../lib/wire/mcp_headers.ts";
import { Backoff } from "../../static/client/backoff.js";
import { Calls } from "../../static/client/calls.js";
import { withoutProgress } from "../../static/client/dialects/channel.js";
import { dialectOf } from "../../static/client/dialects/mod.js";
import { HeaderParams, headersFor } from "../../static/client/dialects/modern_headers.js";
import { listAll } from "../../static/client/list_all.js";
import { answerTo, inputResponses } from "../../static/client/questions.js";
import { kindOfEvent, levelOf } from "../../static/client/summaries.js";
import { toJsonLines } from "../../static/ui/log_export.js";
import fc from "../deps/fast_check.ts";

const never = new AbortController().signal;

Deno.test("headersFor() names what a request calls so that the server reads the same, whatever the name", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), (name) => {
    const message = { method: "tools/call", params: { name } };
    const headers = new Headers(headersFor(message, new HeaderParams()));
    assertEquals(decodeHeaderValue(headers.get("mcp-name") ?? ""), name);
  }));
});

Deno.test("headersFor() mirrors the parameters that a listed schema marks, also nested ones", () => {
  const params = new HeaderParams();
  const inputSchema = {
    properties: {
      region: { type: "string", "x-mcp-header": "Region" },
      in: { properties: { zone: { type: "integer", "x-mcp-header": "Zone" } } },
      other: { type: "string" },
    },
  };
  params.learn({ result: { tools: [{ name: "run", inputSchema }] } });
  const call = (args: unknown) =>
    headersFor({ method: "tools/call", params: { name: "run", arguments: args } }, params);
  assertEquals(call({ region: "eu", in: { zone: 3 }, other: "x" }), {
    "Mcp-Method": "tools/call",
    "Mcp-Name": "run",
    "Mcp-Param-Region": "eu",
    "Mcp-Param-Zone": "3",
  });
  assertEquals(Object.keys(call({ region: null })), ["Mcp-Method", "Mcp-Name"]);
  assertEquals(Object.keys(call(undefined)), ["Mcp-Method", "Mcp-Name"]);
});

Deno.test("withoutProgress() takes the progress token out, and nothing else", () => {
  const message = (params?: object) => ({ id: 1, method: "m", ...(params && { params }) });
  assertEquals(withoutProgress(message()), message());
  assertEquals(
    withoutProgress(message({ a: 1, _meta: { progressToken: "x" } })),
    message({ a: 1 }),
  );
  assertEquals(
    withoutProgress(message({ _meta: { progressToken: "x", trace: "t" } })),
    message({ _meta: { trace: "t" } }),
  );
});

Deno.test("dialectOf() takes a name that is not known for plain SSE", () => {
  for (const name of ["plain", "gone", "__proto__", "toString", ""]) {
    assertEquals(dialectOf(name).label, "Plain SSE");
  }
  assertEquals(dialectOf("modern").hasNamedEvents, false);
});

Deno.test("listAll() gives every page, the hundredth too, and ends a list that never does", async () => {
  const pages = (last: number) => async (params: object | undefined) => {
    const page = Number((params as { cursor: string } | undefined)?.cursor ?? 1);
    return await Promise.resolve({
      tools: [page],
      ...(page < last && { nextCursor: String(page + 1) }),
    });
  };
  assertEquals(await listAll(pages(1), "tools"), [1]);
  assertEquals((await listAll(pages(100), "tools")).at(-1), 100);
  assertEquals((await listAll(pages(Infinity), "tools")).length, 100);
  assertEquals(await listAll(() => Promise.resolve({}), "tools"), []);
});

Deno.test("Calls.repeat() asks again under a new id, for the same result", async () => {
  const calls = new Calls();
  const call = calls.start("tools/call", { name: "x" });
  const first = call.id;
  const again = calls.repeat(first, { requestState: "s" });
  assert(call.id !== first && !call.signal.aborted);
  assertEquals(again, {
    jsonrpc: "2.0",
    id: call.id,
    method: "tools/call",
    params: { name: "x", requestState: "s" },
  });
  calls.receive({ id: call.id, result: 7 });
  assertEquals(await call.result, 7);
  assert(call.signal.aborted);
  assertEquals(calls.repeat(call.id, {}), undefined);
});

Deno.test("answerTo() answers pings and forms, and refuses what the page cannot do", async () => {
  const ask = () => Promise.resolve({ action: "accept" as const, content: { a: 1 } });
  const form = { method: "elicitation/create", params: { message: "?", requestedSchema: {} } };
  assertEquals(await answerTo({ method: "ping" }, ask, never), { result: {} });
  assertEquals(await answerTo(form, ask, never), {
    result: { action: "accept", content: { a: 1 } },
  });
  for (
    const request of [
      { method: "sampling/createMessage" },
      { method: "elicitation/create", params: { mode: "url", url: "http://a/" } },
    ]
  ) {
    const { error } = await answerTo(request, ask, never) as { error: { code: number } };
    assertEquals(error.code, -32601);
  }
});

Deno.test("inputResponses() asks one after the other, and keeps the keys", async () => {
  const asked: string[] = [];
  const ask = ({ message }: { message: string }) => {
    asked.push(message);
    return Promise.resolve({ action: "decline" as const });
  };
  const form = (message: string) => ({ method: "elicitation/create", params: { message } });
  assertEquals(await inputResponses({ one: form("1"), two: form("2") }, ask, never), {
    one: { action: "decline" },
    two: { action: "decline" },
  });
  assertEquals(asked, ["1", "2"]);
  const roots = { roots: { method: "roots/list" } };
  await assertRejects(() => inputResponses(roots, ask, never), Error, "does not answer roots/list");
});

Deno.test("Backoff waits longer from try to try, as the server says, or not at all", () => {
  const backoff = new Backoff();
  const lost = { reason: "network lost" };
  let least = 500;
  for (let i = 0; i < 5; i++, least *= 2) {
    const delay = backoff.next(lost, 0) ?? 0;
    assert(delay >= least && delay <= 2 * least, `${delay}`);
  }
  assert((backoff.next(lost, 20_000) ?? 0) <= 1_000, "A steady connection begins anew");
  assertEquals(backoff.next({ reason: "refused", retryAfterMs: 7_000 }, 0), 7_000);
  assertEquals(backoff.next({ reason: "disconnected" }, 0), undefined);
  assertEquals(backoff.next({ reason: "auth_expired" }, 0), undefined);
  assert(backoff.next({ reason: "auth_expired" }, 0, true), "the credential is renewed on the way");
});

Deno.test("kindOfEvent() goes by the name in the plain dialect, by the message elsewhere", () => {
  assertEquals(kindOfEvent("ping", { data: {} }, true), "ping");
  assertEquals(kindOfEvent("message", { result: {} }, false), "response");
  assertEquals(kindOfEvent("message", { error: {} }, false), "error");
  assertEquals(kindOfEvent("message", { method: "m" }, false), "message");
  assertEquals(kindOfEvent("endpoint", undefined, false), "endpoint");
  assertEquals(levelOf({ method: "notifications/message", params: { level: "error" } }), "error");
  assertEquals(levelOf({ method: "m" }), undefined);
});

Deno.test("toJsonLines() writes a line for each entry, with messages as JSON and other text as it is", () => {
  const entry = (data: string) => ({
    n: 1,
    kind: "message",
    level: undefined,
    summary: "s",
    data,
    time: new Date(0),
  });
  const lines = toJsonLines([entry('{"a":1}'), entry("not JSON\n")]).trimEnd().split("\n");
  assertEquals(lines.map((line) => JSON.parse(line).data), [{ a: 1 }, "not JSON\n"]);
  assertEquals(JSON.parse(lines[0] ?? "").time, "1970-01-01T00:00:00.000Z");
  assertThrows(() => JSON.parse(lines.join("\n")));
});
