/** Filter and order of `GET /mcp/connections`. */
import { assertEquals, assertMatch } from "@std/assert";
import { PLAIN_HEADERS, type TestApp, testApp, toolCall } from "../../helpers/app.ts";
import { HeldTool } from "../../helpers/tools.ts";

/** The part of the answer that this test reads. */
interface Page {
  readonly open: number;
  readonly matching: number;
  readonly next_offset?: number;
  readonly connections: readonly { readonly user_agent: string }[];
}

async function view(app: TestApp, query: string): Promise<Page> {
  const response = await app.operate(`/mcp/connections?${query}`);
  assertEquals(response.status, 200, query);
  return await response.json();
}

function agents({ connections }: Page): string[] {
  return connections.map(({ user_agent }) => user_agent);
}

/** Opens a stream for a client of that name. */
function openAs(app: TestApp, name: string, message?: unknown) {
  return app.open(message, { headers: { ...PLAIN_HEADERS, "user-agent": name } });
}

Deno.test("filter finds connections by id, dialect, address and user agent, whatever the case", async () => {
  using app = testApp();
  const first = await openAs(app, "Anna/1");
  await openAs(app, "Bert/1");
  assertEquals(agents(await view(app, "filter=ANNA")), ["Anna/1"]);
  const found = async (text: string) => agents(await view(app, `filter=${text}`));
  assertEquals(await found(first.id.slice(8, 21)), ["Anna/1"]);
  assertEquals(await found(first.id), ["Anna/1"]);
  // A caller with read access must not find out the rest of an id digit by digit.
  assertEquals(await found(first.id.slice(0, 22)), []);
  assertEquals((await view(app, "filter=plain")).matching, 2);
  assertEquals((await view(app, "filter=127.0.0")).matching, 2);
  assertEquals((await view(app, "filter=%2F1")).matching, 2);
  const nothing = await view(app, "filter=.*");
  assertEquals([nothing.open, nothing.matching, agents(nothing)], [2, 0, []]);
  assertEquals((await view(app, "filter=")).matching, 2);
});

Deno.test("a filtered list is paged as a whole one is", async () => {
  using app = testApp();
  for (let i = 0; i < 7; i++) await openAs(app, i % 2 === 0 ? `even ${i}` : `odd ${i}`);
  const first = await view(app, "filter=even&limit=3");
  assertEquals([agents(first), first.matching, first.next_offset], [
    ["even 0", "even 2", "even 4"],
    4,
    3,
  ]);
  const last = await view(app, "filter=even&limit=3&offset=3");
  assertEquals([agents(last), last.next_offset], [["even 6"], undefined]);
  assertEquals(agents(await view(app, "filter=even&offset=9")), []);
});

Deno.test("order=desc gives the youngest first, page by page", async () => {
  using app = testApp();
  for (const name of ["a", "b", "c"]) await openAs(app, name);
  assertEquals(agents(await view(app, "order=desc")), ["c", "b", "a"]);
  assertEquals(agents(await view(app, "order=desc&limit=2&offset=2")), ["a"]);
  assertEquals(agents(await view(app, "sort=opened&order=asc")), ["a", "b", "c"]);
});

Deno.test("sort orders by what is shown, and equals stay in the order they came", async () => {
  const held = new HeldTool();
  using app = testApp({ tools: [held.tool] });
  await openAs(app, "idle");
  const busy = await openAs(app, "busy", toolCall("held"));
  await openAs(app, "idle too");
  assertEquals(agents(await view(app, "sort=requests&order=desc&limit=1")), ["busy"]);
  assertEquals(agents(await view(app, "sort=requests")), ["idle", "idle too", "busy"]);
  const call = await held.next();
  // The client does not read now, so the tool's messages wait and are counted.
  call.ctx.log.info("x".repeat(5_000));
  assertEquals(agents(await view(app, "sort=queued&order=desc&limit=1")), ["busy"]);
  await busy.events.leave();
});

Deno.test("sort takes each of its names, and finds every connection by each", async () => {
  using app = testApp();
  for (const name of ["a", "b"]) await openAs(app, name);
  for (
    const sort of "opened dialect client pings failed_pings queued sent requests".split(" ")
  ) assertEquals((await view(app, `sort=${sort}`)).connections.length, 2, sort);
});

for (
  const [query, told] of [
    ["sort=age", /^"sort" must be one of opened, dialect/],
    ["sort=", /^"sort" must be one of/],
    ["sort=constructor", /^"sort" must be one of/],
    ["order=up", /^"order" must be one of asc, desc/],
    [`filter=${"x".repeat(101)}`, /^"filter" may have 100 characters/],
  ] as const
) {
  Deno.test(`GET /mcp/connections?${query.slice(0, 20)} is refused, naming what is allowed`, async () => {
    using app = testApp();
    const response = await app.operate(`/mcp/connections?${query}`);
    assertEquals(response.status, 400);
    assertMatch((await response.json()).error.message, told);
  });
}
