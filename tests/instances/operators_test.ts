/** What the operator sees and ends at any of several instances. */
import { assert, assertEquals } from "@std/assert";
import { shortId } from "../../lib/base/ids.ts";
import { StaticKeys } from "../../lib/auth/static_keys.ts";
import { rpc } from "../helpers/app.ts";
import { type Instance, Instances, LEASE_MS } from "../helpers/instances.ts";
import { TestSession } from "../helpers/session.ts";
import { settled } from "../helpers/time.ts";

const ADA = { address: "192.0.2.1", principal: "ada" };

// deno-lint-ignore no-explicit-any -- a test looks into whatever came
async function view(at: Instance, query = ""): Promise<any> {
  const response = await at.operate(`/mcp/connections${query}`);
  assertEquals(response.status, 200);
  return await response.json();
}

function closing(at: Instance, query: Record<string, string>): Promise<Response> {
  return at.operate(`/mcp/connections?${new URLSearchParams(query)}`, { method: "DELETE" });
}

Deno.test("the ledger of any instance has the connections of all, each with its instance", async () => {
  using fleet = await Instances.startPastLease(3);
  const { a, b, c } = fleet;
  const opened = [await a.open(), await b.open(), await b.open()];
  for (const at of [a, b, c]) {
    const ledger = await view(at);
    assertEquals([ledger.open, ledger.opened, ledger.matching], [3, 3, 3]);
    const rows = ledger.connections.map(({ id, instance }: Record<string, string>) => [
      id,
      instance,
    ]);
    assertEquals(
      rows.toSorted(),
      opened.map(({ id }, index) => [shortId(id), (index === 0 ? a : b).fleet.me]).toSorted(),
    );
    // deno-lint-ignore no-explicit-any -- as above
    const byName = new Map(ledger.instances.map((one: any) => [one.name, one.open]));
    assertEquals([a, b, c].map(({ fleet: { me } }) => byName.get(me)), [1, 2, 0]);
    const [here] = ledger.instances;
    assertEquals([here.name, here.is_here], [at.fleet.me, true]);
  }
  for (const { events } of opened) await events.leave();
});

Deno.test("the view of all instances says where one of them lets everybody in", async () => {
  for (const HOST of ["127.0.0.1", "0.0.0.0"]) {
    const options = (index: number) => index === 1 ? { settings: { HOST } } : {};
    using fleet = await Instances.startPastLease(3, options);
    for (const at of fleet.all) {
      assertEquals((await view(at)).is_open_to_all, HOST === "0.0.0.0" ? true : undefined);
    }
  }
});

Deno.test("pages over all instances give each connection once, in the order that is asked for", async () => {
  using fleet = await Instances.startPastLease(3);
  const { a, b, c } = fleet;
  const opened = [];
  for (const at of [a, b, c, a, b, c, a]) {
    opened.push(await at.open());
    await fleet.time.advance(10);
  }
  const seen: string[] = [];
  for (let query: string | undefined = "?limit=3"; query !== undefined;) {
    const { connections, next_offset, matching } = await view(b, query);
    assertEquals(matching, 7);
    seen.push(...connections.map(({ id }: { id: string }) => id));
    query = next_offset === undefined ? undefined : `?limit=3&offset=${next_offset}`;
  }
  assertEquals(seen, opened.map(({ id }) => shortId(id)));
  const { connections } = await view(c, "?sort=opened&order=desc&limit=2");
  assertEquals(
    connections.map(({ id }: { id: string }) => id),
    opened.slice(-2).reverse().map(({ id }) => shortId(id)),
  );
  const { matching } = await view(a, `?filter=${c.fleet.me}`);
  assertEquals(matching, 2);
  assertEquals((await a.operate("/mcp/connections?offset=9990&limit=11")).status, 400);
  assertEquals((await a.operate("/mcp/connections?offset=9990&limit=10")).status, 200);
  for (const { events } of opened) await events.leave();
});

Deno.test("an instance that does not answer in time is named, and the rest is shown", async () => {
  using fleet = await Instances.startPastLease(3);
  const { a, b, c } = fleet;
  const [kept, hidden] = [await a.open(), await b.open()];
  b.member.onMessage = () => {};
  const looking = view(c);
  await fleet.time.advance(1_100);
  const ledger = await looking;
  assertEquals(ledger.open, 1);
  assertEquals(ledger.connections.map(({ instance }: { instance: string }) => instance), [
    a.fleet.me,
  ]);
  assertEquals(
    ledger.instances.filter(({ is_silent }: { is_silent?: true }) => is_silent),
    [{ name: b.fleet.me, is_silent: true }],
  );
  for (const { events } of [kept, hidden]) await events.leave();
});

Deno.test("without the store each instance shows its own connections", async () => {
  using fleet = await Instances.startPastLease(3);
  const { a, b } = fleet;
  const opened = [await a.open(), await b.open()];
  a.member.isUp = false;
  const { open, instances } = await view(a);
  assertEquals([open, instances.length], [1, 1]);
  for (const { events } of opened) await events.leave();
});

Deno.test("what others write to the bus as the answer of an instance is no view", async () => {
  using fleet = await Instances.startPastLease(2);
  const { a, b } = fleet;
  b.fleet.on("view", () => ({ opened: "many", connections: [{ id: 5 }] }));
  const answered = await view(a);
  // The handler that came first has answered; a view that is none counts as silence.
  assertEquals(answered.instances.length, 2);
  b.member.onMessage = (message) => {
    const { id, from } = message as { id?: string; from: string };
    const body = { opened: "many", connections: [{ id: 5 }] };
    if (id !== undefined) void b.member.send(from, { kind: "reply", to: id, body });
  };
  const { instances } = await view(a);
  assertEquals(instances[1], { name: b.fleet.me, is_silent: true });
});

Deno.test("the name of a connection that any view shows ends exactly that one, from any instance", async () => {
  using fleet = await Instances.startPastLease(3);
  const { a, b, c } = fleet;
  const opened = await Promise.all(Array.from({ length: 20 }, () => a.open()));
  const names = new Set((await view(b)).connections.map(({ id }: { id: string }) => id));
  assertEquals(names.size, 20);
  const [first, second] = opened;
  assertEquals((await closing(b, { id: shortId(first!.id) })).status, 204);
  assertEquals((await first!.events.nextNamed("close")).json.data.reason, "disconnected");
  assertEquals((await closing(c, { id: second!.id })).status, 204);
  await second!.events.nextNamed("close");
  assertEquals(a.ledger().closed.disconnected, 2);
  assertEquals((await closing(b, { id: first!.id })).status, 404);
  assertEquals((await closing(b, { id: "mcp_sse_00" })).status, 404);
  c.member.onMessage = () => {};
  const unsure = closing(b, { id: shortId(first!.id) });
  await fleet.time.advance(2_100);
  assertEquals((await unsure).status, 503);
  for (const { events } of opened.slice(2)) await events.leave();
});

Deno.test("ending a connection of an instance that cannot be reached is refused, and of a dead one 404", async () => {
  using fleet = await Instances.startPastLease(3);
  const { a, b } = fleet;
  const { id, events } = await a.open();
  fleet.kill(a);
  const early = closing(b, { id });
  await fleet.time.advance(2_100);
  assertEquals((await early).status, 503);
  await fleet.time.advance(LEASE_MS);
  assertEquals((await closing(b, { id })).status, 404);
  await events.leave();
});

Deno.test("ending a principal ends its sessions that no instance has in memory, at every instance", async () => {
  using fleet = await Instances.startPastLease(3);
  const { a, b, c } = fleet;
  const gone = await fleet.add();
  const session = await TestSession.open(gone, { peer: ADA });
  const ofEve = await TestSession.open(gone, { peer: { address: "192.0.2.1", principal: "eve" } });
  fleet.kill(gone);
  await fleet.time.advance(2 * LEASE_MS);
  assertEquals((await (await closing(a, { principal: "ada" })).json()).sessions, 0);
  await fleet.time.advance(100);
  for (const at of [a, b, c]) assertEquals((await session.on(at).post(rpc("ping"))).status, 404);
  const late = await fleet.add();
  assertEquals((await session.on(late).post(rpc("ping"))).status, 404);
  assertEquals((await ofEve.on(b).post(rpc("ping"))).status, 200);
  const next = await TestSession.open(b, { peer: ADA });
  assertEquals((await next.on(c).post(rpc("ping"))).status, 200);
});

Deno.test("ending a principal ends its streams and sessions at all instances, and names who did not answer", async () => {
  using fleet = await Instances.startPastLease(3);
  const { a, b, c } = fleet;
  const session = await TestSession.open(a, { peer: ADA });
  assertEquals((await session.on(b).ask(rpc("ping"))).result, {});
  await session.on(b).listen();
  const counts = await (await closing(c, { principal: "ada" })).json();
  // A session is in the memory of each instance that has served it.
  assertEquals(counts.streams, 1);
  assert(counts.sessions === 1 || counts.sessions === 2);
  await settled();
  for (const at of [a, b, c]) {
    assertEquals((await session.on(at).post(rpc("ping"))).status, 404);
  }
  a.member.onMessage = () => {};
  const ending = closing(c, { principal: "ada" });
  await fleet.time.advance(2_100);
  assertEquals(await (await ending).json(), {
    streams: 0,
    sessions: 0,
    silent_instances: [a.fleet.me],
  });
});

Deno.test("a static key that one instance no longer has ends what its principal has at the others", async () => {
  const entry = (name: string, key: string) => ({ key, name });
  const ada = entry("ada", "the-key-of-ada-0123456789");
  const eve = entry("eve", "the-key-of-eve-0123456789");
  const keys = [new StaticKeys([ada, eve]), new StaticKeys([ada, eve])];
  using fleet = await Instances.start(2, (index) => ({ auth: { keys: keys[index]! } }));
  const { a, b } = fleet;
  const open = ({ key }: { key: string }) =>
    b!.open(undefined, {
      headers: {
        accept: "text/event-stream",
        "content-type": "application/json",
        authorization: `Bearer ${key}`,
      },
    });
  const [ended, kept] = [await open(ada), await open(eve)];
  keys[0]!.replace([eve]);
  await settled();
  assertEquals((await ended.events.nextNamed("close")).json.data.reason, "auth_expired");
  assertEquals([b!.ledger().open, a!.ledger().open], [1, 0]);
  assert(kept.id.endsWith(b!.fleet.me));
  await kept.events.leave();
});
