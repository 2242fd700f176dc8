import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { EventReader, type ReadEvent } from "../helpers/sse.ts";
import { eachStreamable } from "./support/each_revision.ts";
import { specApp } from "./support/fixtures.ts";
import { connectStreamable, STREAMABLE, StreamableClient } from "./support/legacy_client.ts";

const KEY = "a key of more than thirty-two characters";

Deno.test("a session id is visible ASCII and never the same twice", async (t) => {
  for (const version of STREAMABLE) {
    await t.step(version, async () => {
      using app = specApp();
      const ids = new Set<string>();
      for (let count = 0; count < 50; count++) {
        await using client = await connectStreamable(app, { version });
        assertMatch(client.session, /^[\x21-\x7e]{32,}$/);
        ids.add(client.session);
      }
      assertEquals(ids.size, 50);
    });
  }
});

Deno.test("a session id that was altered or made up is answered 404", async () => {
  using app = specApp();
  using other = specApp();
  await using client = await connectStreamable(app);
  await using stranger = await connectStreamable(other);
  const { session } = client;
  const madeUp = ["x", "0".repeat(64), crypto.randomUUID(), `${session}x`, session.slice(1)];
  for (let at = 0; at < session.length; at += 7) {
    const changed = session[at] === "A" ? "B" : "A";
    madeUp.push(session.slice(0, at) + changed + session.slice(at + 1));
  }
  for (const id of [...madeUp, stranger.session]) {
    const headers = { "mcp-session-id": id };
    const response = await client.post({ jsonrpc: "2.0", id: 1, method: "ping" }, headers);
    assertEquals(response.status, 404, id);
    await response.body?.cancel();
  }
});

Deno.test("an ended session is answered 404 on POST, GET and DELETE", async (t) => {
  await eachStreamable(t, {}, async (_app, client) => {
    await client.listen();
    assertEquals((await client.delete()).status, 204);
    const responses = [
      await client.post({ jsonrpc: "2.0", id: 1, method: "ping" }),
      await client.post({ jsonrpc: "2.0", method: "notifications/initialized" }),
      await client.get(),
      await client.delete(),
    ];
    assertEquals(responses.map(({ status }) => status), [404, 404, 404, 404]);
    for (const response of responses) await response.body?.cancel();
  });
});

Deno.test("event ids are unique across all streams of a session", async (t) => {
  await eachStreamable(t, {}, async (app, client) => {
    const ids: string[] = [];
    for (let round = 0; round < 3; round++) {
      const stream = new EventReader(await client.get());
      const answers = await Promise.all([1, 2].map(() => streamed(client, "report")));
      ids.push(...idsOf(answers.flat()));
      app.catalog.tools.remove(["fail", "who", "log_all"][round] ?? "");
      ids.push(...idsOf([await stream.nextNamed("message")]));
      await stream.leave();
    }
    assert(ids.length > 20);
    assertEquals(new Set(ids).size, ids.length);
  });
});

Deno.test("event ids stay unique when the server has restarted", async () => {
  const ids: string[] = [];
  let session = "";
  for (let start = 0; start < 2; start++) {
    using app = specApp({ settings: { MCP_SESSION_KEY: KEY } });
    const client = session === "" ? await connectStreamable(app) : resumed(app, session);
    session = client.session;
    const stream = new EventReader(await client.get());
    ids.push(...idsOf(await streamed(client, "report")));
    app.catalog.tools.remove("fail");
    ids.push(...idsOf([await stream.nextNamed("message")]));
    await stream.leave();
  }
  assertEquals(new Set(ids).size, ids.length);
});

Deno.test("a resumed stream replays its own messages and no other stream's", async (t) => {
  await eachStreamable(t, {}, async (app, client) => {
    const own = await streamed(client, "report");
    const other = await streamed(client, "log_all");
    const [first] = idsOf(own);
    const replayed = await new EventReader(await client.get({ "last-event-id": first ?? "" }))
      .rest();
    const after = own.slice(own.findIndex(({ id }) => id === first) + 1);
    assertEquals(idsOf(replayed), idsOf(after));
    assert(idsOf(other).every((id) => !idsOf(replayed).includes(id)));
    assertEquals(app.connections.size, 0);
  });
});

Deno.test("after a restart no stream is replayed in place of an older one", async () => {
  using before = specApp({ settings: { MCP_SESSION_KEY: KEY } });
  await using old = await connectStreamable(before);
  const cut = idsOf(await streamed(old, "report"))[0] ?? "";
  using app = specApp({ settings: { MCP_SESSION_KEY: KEY } });
  await using client = resumed(app, old.session);
  const others = await streamed(client, "report", "other");
  const replayed = await new EventReader(await client.get({ "last-event-id": cut })).rest();
  assert(idsOf(others).every((id) => !idsOf(replayed).includes(id)));
  const answers = replayed.filter(({ json }) => json !== undefined).map(({ json }) => json);
  assertEquals(answers.map(({ id }) => id), ["call"]);
  assertNotEquals(answers[0].error, undefined);
});

Deno.test("after a restart the session's stream goes on, and its gap is told", async () => {
  using before = specApp({ settings: { MCP_SESSION_KEY: KEY } });
  await using old = await connectStreamable(before);
  const stream = new EventReader(await old.get());
  before.catalog.tools.remove("fail");
  const { id } = await stream.nextNamed("message");
  await stream.leave();
  using app = specApp({ settings: { MCP_SESSION_KEY: KEY } });
  await using client = resumed(app, old.session);
  const reader = new EventReader(await client.get({ "last-event-id": id ?? "" }));
  const told = await reader.nextNamed("message");
  assertEquals([told.json.method, told.json.params.level], ["notifications/message", "warning"]);
  await reader.leave();
});

/** All events of a call's answer. */
async function streamed(
  client: StreamableClient,
  name: string,
  id = "call",
): Promise<readonly ReadEvent[]> {
  const params = { name, _meta: { progressToken: "p" } };
  const request = { jsonrpc: "2.0", id, method: "tools/call", params };
  return await new EventReader(await client.post(request, { accept: "text/event-stream" })).rest();
}

function idsOf(events: readonly ReadEvent[]): string[] {
  return events.flatMap(({ id }) => id === undefined ? [] : [id]);
}

/** A client that continues its session after a restart of the server. */
function resumed(app: ReturnType<typeof specApp>, session: string): StreamableClient {
  const client = new StreamableClient(app, "2025-11-25", {});
  client.session = session;
  return client;
}
