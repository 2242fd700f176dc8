/** Calls that are settled at once, answered on an event stream that is whole already. */
import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { defineTool } from "../../lib/registry/tool.ts";
import { testApp, toolCall } from "../helpers/app.ts";
import { scrape } from "../helpers/metrics.ts";
import { ResumingClient } from "../helpers/resuming_client.ts";
import { TestSession } from "../helpers/session.ts";

const STREAM_ONLY = { accept: "text/event-stream" };

async function openSession(version: string) {
  const app = testApp();
  const session = await TestSession.open(app, { version });
  const call = () => session.post(toolCall("echo", { message: "hello" }, "call"), STREAM_ONLY);
  /** A client that first gets so many bytes of the answer. */
  const cutAfter = async (bytes: number) => {
    const client = new ResumingClient(async (lastEventId) => {
      if (lastEventId !== undefined) return await session.listen(lastEventId);
      const whole = new Uint8Array(await (await call()).arrayBuffer());
      return new Response(whole.subarray(0, bytes));
    });
    await client.connect();
    await client.readMessages(2);
    return client;
  };
  return { app, session, call, cutAfter, [Symbol.dispose]: () => app.stop() };
}

Deno.test("2025-11-25: a quick call cut after any byte is resumed, or has all it could get", async () => {
  using set = await openSession("2025-11-25");
  // The names of the streams grow by a few digits from call to call.
  const length = (await (await set.call()).text()).length + 8;
  const statuses = new Set<number>();
  for (let bytes = 0; bytes <= length; bytes++) {
    const client = await set.cutAfter(bytes);
    if (client.lastEventId === undefined) continue;
    const hadAnswer = client.messages.length === 1;
    const { status } = await client.connect();
    statuses.add(status);
    assertEquals(status, hadAnswer ? 405 : 200, `after ${bytes} bytes`);
    if (hadAnswer) await client.cut();
    else assertEquals(await client.readMessages(2), false);
    const [{ id, result }, ...more] = client.messages;
    assertEquals([id, result.content[0].text, more], ["call", "hello", []]);
    assertEquals(new Set(client.eventIds).size, 2);
  }
  assertEquals(statuses, new Set([200, 405]));
});

for (const version of ["2025-03-26", "2025-06-18"]) {
  Deno.test(`${version}: a quick call is one event, and nothing is left to come back for`, async () => {
    using set = await openSession(version);
    const text = await (await set.call()).text();
    assertMatch(text, /^event: message\ndata: \{.*"hello".*\}\n\n$/);
    const client = await set.cutAfter(Infinity);
    assertEquals([client.messages.length, client.eventIds], [1, []]);
  });
}

Deno.test("a quick call is answered on a stream with its length, and without a connection", async () => {
  using set = await openSession("2025-11-25");
  const response = await set.call();
  assertEquals(response.headers.get("content-type"), "text/event-stream");
  assertEquals(response.headers.get("cache-control"), "no-cache, no-transform");
  const text = await response.text();
  assertMatch(text, /^id: \S+\nretry: 1000\ndata: \n\nevent: message\nid: \S+\ndata: \{.*\}\n\n$/);
  const { opened, open } = set.app.ledger();
  assertEquals([opened, open], [0, 0]);
});

Deno.test("the events of two quick calls have ids of their own, and lead to their own answers", async () => {
  using set = await openSession("2025-11-25");
  const ids = [];
  for (const message of ["one", "two"]) {
    const text = await (await set.session.post(toolCall("echo", { message }), STREAM_ONLY)).text();
    ids.push(/^id: (.*)$/m.exec(text)?.[1]);
  }
  assertNotEquals(ids[0], ids[1]);
  assert(ids[0] !== undefined);
  assertMatch(await (await set.session.listen(ids[0])).text(), /"one"/);
  assertEquals((await scrape(set.app)).value("lifeline_replayed_events_total"), 1);
});

Deno.test("a quick result that no JSON can hold is an error on the whole stream", async () => {
  const unwritable = defineTool({
    name: "unwritable",
    description: "Gives what JSON cannot hold",
    run: () => ({ content: [], _meta: { big: 1n } }),
  });
  using app = testApp({ tools: [unwritable] });
  const session = await TestSession.open(app);
  const text = await (await session.post(toolCall("unwritable", {}, "x"), STREAM_ONLY)).text();
  assertMatch(text, /data: \{.*"isError":true\},"id":"x"\}\n\n$/);
});
