/** The tools that every Lifeline serves, through the app. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import fc from "../deps/fast_check.ts";
import { BUILT_IN_TOOLS } from "../../lib/tools/mod.ts";
import { PLAIN_HEADERS, rpc, testApp, toolCall } from "../helpers/app.ts";
import { FakeTime, settled } from "../helpers/time.ts";

interface Result {
  readonly content: readonly { readonly type: string; readonly text: string }[];
  readonly structuredContent?: unknown;
  readonly isError?: boolean;
}

async function call(name: string, args?: Record<string, unknown>): Promise<Result> {
  using app = testApp();
  const response = await app.post("/mcp", toolCall(name, args), { accept: "application/json" });
  return (await response.json()).result;
}

async function text(name: string, args?: Record<string, unknown>): Promise<string> {
  const { content, isError } = await call(name, args);
  assertEquals([content.length, content[0]?.type, isError ?? false], [1, "text", false]);
  return content[0]!.text;
}

Deno.test("every built-in tool has a title, a description, and says what it may do", () => {
  assertEquals(BUILT_IN_TOOLS.map(({ name }) => name), ["echo", "add", "now", "countdown"]);
  for (const { listing } of BUILT_IN_TOOLS) {
    assert(listing.title && listing.description);
    assertEquals(listing.annotations, { readOnlyHint: true, openWorldHint: false });
  }
});

Deno.test("property: `echo` gives any message back unchanged", async () => {
  using app = testApp();
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: "binary", maxLength: 200 }), async (message) => {
      const response = await app.post("/mcp", toolCall("echo", { message }), {
        accept: "application/json",
      });
      assertEquals((await response.json()).result, { content: [{ type: "text", text: message }] });
    }),
  );
});

Deno.test("`echo` without a message names what is missing", async () => {
  const { isError, content } = await call("echo", {});
  assertEquals(isError, true);
  assertMatch(content[0]!.text, /message: /);
});

Deno.test("`add` gives the sum as structure and as text", async () => {
  assertEquals(await call("add", { a: 2, b: 0.5 }), {
    content: [{ type: "text", text: '{"sum":2.5}' }],
    structuredContent: { sum: 2.5 },
  });
  assertEquals((await call("add", { a: -1, b: 1 })).structuredContent, { sum: 0 });
});

Deno.test("`add` names each argument that is no number", async () => {
  const { isError, content } = await call("add", { a: "1" });
  assertEquals(isError, true);
  assertMatch(content[0]!.text, /a: .*b: /);
});

Deno.test("`add` tells when the sum is more than a number holds", async () => {
  const { isError, content } = await call("add", { a: 1.7e308, b: 1.7e308 });
  assertEquals(isError, true);
  assertMatch(content[0]!.text, /sum: /);
});

Deno.test("`now` tells date and time in UTC, or in the zone asked for", async () => {
  // Fake time begins at midnight UTC, 1 January 2026.
  using _time = new FakeTime();
  assertMatch(await text("now", {}), /^2026-01-01 00:00:00 UTC$/);
  assertMatch(await text("now"), /^2026-01-01 00:00:00 UTC$/);
  assertMatch(await text("now", { time_zone: "Europe/Paris" }), /^2026-01-01 01:00:00 /);
  assertMatch(await text("now", { time_zone: "America/New_York" }), /^2025-12-31 19:00:00 /);
});

Deno.test("`now` refuses a zone it does not know, and says what one looks like", async () => {
  for (const time_zone of ["Mars/Olympus", "", "x".repeat(1_000), "../etc"]) {
    const { isError, content } = await call("now", { time_zone });
    assertEquals(isError, true);
    assertMatch(content[0]!.text, /time_zone: .*Europe\/Paris/);
  }
});

/** A countdown whose client asked for progress. */
function countdown(from: unknown, interval_ms?: unknown): Record<string, unknown> {
  const args = { from, ...(interval_ms !== undefined && { interval_ms }) };
  return rpc(
    "tools/call",
    { name: "countdown", arguments: args, _meta: { progressToken: "c" } },
    1,
  );
}

Deno.test("`countdown` reports each step at its time, then says that it is done", async () => {
  using time = new FakeTime();
  using app = testApp({ wheel: { clock: time.clock } });
  const { events } = await app.open(countdown(3, 500));
  const steps: unknown[] = [];
  const reading = (async () => {
    for (let event = await events.next(); event?.event === "message"; event = await events.next()) {
      const { progress, total, message, progressToken } = event.json.params;
      steps.push([time.now, progress, total, message, progressToken]);
    }
    return events.text;
  })();
  await time.advance(1_500);
  assertMatch(await reading, /"text":"Counted down from 3"/);
  assertEquals(steps, [
    [500, 1, 3, "2 left", "c"],
    [1_000, 2, 3, "1 left", "c"],
    [1_500, 3, 3, "0 left", "c"],
  ]);
  await events.leave();
});

Deno.test("`countdown` takes a second a step unless told otherwise, and 0 is done at once", async () => {
  assertEquals(await text("countdown", { from: 0 }), "Counted down from 0");
  using time = new FakeTime();
  using app = testApp({ wheel: { clock: time.clock } });
  const { events } = await app.open(countdown(2));
  const done = events.nextNamed("response");
  await time.advance(1_999, 1);
  assertEquals(events.text.includes("Counted"), false);
  await time.advance(1);
  assertEquals((await done).json.id, 1);
  await events.leave();
});

for (
  const args of [{}, { from: -1 }, { from: 1.5 }, { from: 1e6 }, { from: 1, interval_ms: 0 }, {
    from: "3",
  }]
) {
  Deno.test(`\`countdown\` refuses ${JSON.stringify(args)}, naming the field`, async () => {
    const { isError, content } = await call("countdown", args);
    assertEquals(isError, true);
    assertMatch(content[0]!.text, /(from|interval_ms): /);
  });
}

Deno.test("`countdown` stops at once when its client is gone, and leaves no timer", async () => {
  // Real timers: the test runner's leak check proves that none is left.
  using app = testApp();
  const { events } = await app.open(countdown(100_000, 60_000));
  await events.leave();
  await settled();
  assertEquals([app.ledger().open, app.ledger().closed.client_closed], [0, 1]);
});

Deno.test("`countdown` stops when it is cancelled, and answers no more", async () => {
  using app = testApp();
  const { events, send } = await app.open(countdown(100_000, 60_000));
  await send({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } });
  await send(rpc("ping", {}, 2));
  assertEquals((await events.next())?.json.id, 2);
  await events.leave();
});

Deno.test("`countdown` of a client that was gone before it began does not begin", async () => {
  using app = testApp();
  const client = new AbortController();
  client.abort();
  const response = await app.fetch(
    new Request("http://localhost/mcp/sse", {
      method: "POST",
      headers: PLAIN_HEADERS,
      body: JSON.stringify(countdown(100_000, 60_000)),
      signal: client.signal,
    }),
  );
  await response.body?.cancel();
  assertEquals(app.ledger().open, 0);
});
