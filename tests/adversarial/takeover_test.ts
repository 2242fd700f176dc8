/** The newest response carries a stream; whatever becomes of the older one harms it no more. */
import { assertEquals } from "@std/assert";
import { testApp, toolCall } from "../helpers/app.ts";
import { Puppet } from "../helpers/puppet.ts";
import { TestSession } from "../helpers/session.ts";
import { EventReader } from "../helpers/sse.ts";

async function openSession() {
  const puppet = new Puppet();
  const app = testApp({ tools: [puppet.tool] });
  const session = await TestSession.open(app);
  /** Opens or resumes a stream, and reads its first event. */
  const open = async (response: Promise<Response>) => {
    const reader = new EventReader(await response);
    return { reader, id: (await reader.next())?.id };
  };
  return { app, puppet, session, open, [Symbol.dispose]: () => app.stop() };
}

const LIST_CHANGED = "notifications/tools/list_changed";

Deno.test("a second GET takes the session's stream over, and the first is superseded", async () => {
  using set = await openSession();
  const older = await set.open(set.session.listen());
  const newer = await set.open(set.session.listen());
  assertEquals(await older.reader.rest(), []);
  assertEquals(set.app.connections.ledger().closed.superseded, 1);
  set.app.catalog.tools.remove("puppet");
  assertEquals((await newer.reader.next())?.json.method, LIST_CHANGED);
  await newer.reader.leave();
});

Deno.test("a late end of the superseded GET does not harm the newer one", async () => {
  using set = await openSession();
  const older = await set.open(set.session.listen());
  const newer = await set.open(set.session.listen(older.id));
  await older.reader.leave();
  set.app.catalog.tools.remove("puppet");
  assertEquals((await newer.reader.next())?.json.method, LIST_CHANGED);
  const { open, closed } = set.app.connections.ledger();
  assertEquals([open, closed.superseded, closed.client_closed], [1, 1, 0]);
  await newer.reader.leave();
});

Deno.test("of many GETs at once the last one carries the stream, and all others end", async () => {
  using set = await openSession();
  const opened = await Promise.all(
    Array.from({ length: 20 }, () => set.open(set.session.listen())),
  );
  assertEquals(set.app.connections.ledger().open, 1);
  set.app.catalog.tools.remove("puppet");
  const events = await Promise.all(
    opened.slice(0, -1).map(async ({ reader }) => (await reader.rest()).length),
  );
  assertEquals(events, Array(19).fill(0));
  const newest = opened.at(-1)?.reader;
  assertEquals((await newest?.next())?.json.method, LIST_CHANGED);
  await newest?.leave();
});

Deno.test("a resumed call goes on where it was resumed, whatever becomes of the first POST", async () => {
  using set = await openSession();
  const post = set.session.post(toolCall("puppet", { call: "a" }, "call"));
  const older = await set.open(post);
  const newer = await set.open(set.session.listen(older.id));
  assertEquals(await older.reader.rest(), []);
  await older.reader.leave();
  const { ctx, finish } = await set.puppet.call("a");
  assertEquals(ctx.signal.aborted, false);
  finish("done");
  const [response] = await newer.reader.rest();
  assertEquals(response?.json.result.content[0].text, "done");
  assertEquals(set.app.connections.ledger().closed.superseded, 1);
});

Deno.test("a takeover in one session leaves every other session's stream alone", async () => {
  using set = await openSession();
  const other = await TestSession.open(set.app);
  const bystander = await set.open(other.listen());
  const older = await set.open(set.session.listen());
  const newer = await set.open(set.session.listen());
  await older.reader.rest();
  set.app.catalog.tools.remove("puppet");
  assertEquals((await bystander.reader.next())?.json.method, LIST_CHANGED);
  await bystander.reader.leave();
  await newer.reader.leave();
});
