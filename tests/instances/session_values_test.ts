/** `ctx.session` at several instances. */
import { assertEquals, assertMatch } from "@std/assert";
import * as z from "zod";
import { defineResource, defineTool, type Tool } from "../../lib/mod.ts";
import { rpc, toolCall } from "../helpers/app.ts";
import { Instances } from "../helpers/instances.ts";
import { TestSession } from "../helpers/session.ts";
import { EventReader } from "../helpers/sse.ts";
import { settled } from "../helpers/time.ts";

/** Sets, removes and reads values, and shows or hides a tag. */
const USE = defineTool({
  name: "use",
  description: "Uses the session",
  input: z.object({
    set: z.record(z.string(), z.any()).optional(),
    remove: z.string().optional(),
    get: z.string().optional(),
    show: z.string().optional(),
    hide: z.string().optional(),
    wait: z.boolean().optional(),
  }),
  run: async ({ set = {}, remove, get = "", show, hide, wait }, { session }) => {
    if (wait) await Promise.resolve();
    for (const [key, value] of Object.entries(set)) session?.set(key, value);
    if (remove !== undefined) session?.set(remove, undefined);
    if (show !== undefined) session?.show(show);
    if (hide !== undefined) session?.hide(hide);
    return JSON.stringify(session?.get(get) ?? null);
  },
});

const SECRET: Tool = defineTool({
  name: "secret",
  description: "Is hidden at first",
  input: z.object({}),
  tags: ["admin"],
  enabled: false,
  run: () => "shown",
});

const RESOURCE = defineResource({
  uri: "x://secret",
  name: "secret",
  tags: ["admin"],
  read: () => "read",
});

function started(count = 3): Promise<Instances> {
  return Instances.start(count, { tools: [USE, SECRET], resources: [RESOURCE] });
}

// deno-lint-ignore no-explicit-any -- a test looks into whatever came
async function use(session: TestSession, args: Record<string, unknown>): Promise<any> {
  const { result } = await session.ask(toolCall("use", args));
  return JSON.parse(result.content[0].text);
}

async function toolNames(session: TestSession): Promise<string[]> {
  const { result } = await session.ask(rpc("tools/list"));
  return result.tools.map(({ name }: { name: string }) => name);
}

Deno.test("a value that one instance has set is read at every other, also by copies in memory", async () => {
  using fleet = await started();
  const { a, b, c } = fleet;
  const session = await TestSession.open(a);
  // B has a copy from now on; C has none.
  assertEquals(await use(session.on(b), { get: "cart" }), null);
  for (const [round, at] of [a, b, c, a].entries()) {
    await use(session.on(at), { set: { cart: { round, text: "é" } }, wait: round % 2 === 0 });
    for (const other of [a, b, c]) {
      assertEquals(await use(session.on(other), { get: "cart" }), { round, text: "é" });
    }
  }
  await use(session.on(b), { remove: "cart" });
  assertEquals(await use(session.on(a), { get: "cart" }), null);
  assertEquals(await use(session.on(c), { get: "cart" }), null);
});

Deno.test("values of one session are unknown to another", async () => {
  using fleet = await started(2);
  const { a, b } = fleet;
  const [one, two] = [await TestSession.open(a), await TestSession.open(a)];
  await use(one, { set: { x: 1 } });
  assertEquals(await use(two.on(b), { get: "x" }), null);
  assertEquals(await use(one.on(b), { get: "x" }), 1);
});

Deno.test("values set at the same moment by several instances all stay, and of equal names one, the same everywhere", async () => {
  using fleet = await started();
  const { a, b, c } = fleet;
  const session = await TestSession.open(a);
  const everywhere = [a, b, c].map((at) => session.on(at));
  await Promise.all(
    everywhere.map((at, index) => use(at, { set: { [`own ${index}`]: index, same: index } })),
  );
  await settled();
  for (const at of everywhere) {
    for (const index of [0, 1, 2]) assertEquals(await use(at, { get: `own ${index}` }), index);
  }
  const same = await Promise.all(everywhere.map((at) => use(at, { get: "same" })));
  assertEquals(new Set(same).size, 1);
});

Deno.test("values outlive the instance that set them", async () => {
  using fleet = await started(2);
  const { a, b } = fleet;
  const session = await TestSession.open(a);
  await use(session, { set: { step: 2 }, show: "admin" });
  fleet.kill(a);
  assertEquals(await use(session.on(b), { get: "step" }), 2);
  assertEquals((await toolNames(session.on(b))).includes("secret"), true);
});

Deno.test("the bounds of values hold over all instances", async () => {
  using fleet = await started(2);
  const { a, b } = fleet;
  const session = await TestSession.open(a);
  const many = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`v${n}`, n]));
  await use(session, { set: many });
  const { result } = await session.on(b).ask(toolCall("use", { set: { more: 1 } }));
  assertEquals(result.isError, true);
  await use(session.on(b), { remove: "v0" });
  await use(session, { set: { more: 1 } });
  assertEquals(await use(session.on(b), { get: "more" }), 1);
});

Deno.test("what a session shows or hides holds at every instance, and its client is told once", async () => {
  using fleet = await started();
  const { a, b, c } = fleet;
  const session = await TestSession.open(a);
  assertEquals((await toolNames(session.on(b))).includes("secret"), false);
  const events = new EventReader(await session.on(c).listen());
  await settled();
  await use(session, { show: "admin" });
  for (const at of [a, b, c]) {
    assertEquals((await toolNames(session.on(at))).includes("secret"), true);
  }
  const { result } = await session.on(b).ask(toolCall("secret"));
  assertEquals(result.content[0].text, "shown");
  await use(session.on(b), { hide: "admin" });
  for (const at of [a, b, c]) {
    assertEquals((await toolNames(session.on(at))).includes("secret"), false);
  }
  await settled();
  assertEquals((await session.delete()).status, 204);
  const told = (await events.rest()).flatMap(({ json }) => json?.method ?? []);
  assertEquals(told.filter((method) => method === "notifications/tools/list_changed").length, 2);
});

Deno.test("a resource that a session hides at one instance sends it no updates at another", async () => {
  using fleet = await started();
  const { a, b, c } = fleet;
  const session = await TestSession.open(a);
  const events = new EventReader(await session.on(c).listen());
  const [hidden, last] = ["x://secret", "x://last"];
  for (const uri of [hidden, last]) await session.ask(rpc("resources/subscribe", { uri }));
  await use(session, { hide: "admin" });
  await settled();
  for (const uri of [hidden, last]) b.catalog.resourceUpdated(uri);
  let told = await events.nextNamed("message");
  while (told.json?.params?.uri === undefined) told = await events.nextNamed("message");
  assertEquals(told.json.params.uri, last);
  await events.leave();
});

Deno.test("while the store is away values stay at their instance, and are made up when it is back", async () => {
  using fleet = await started(2);
  const { a, b } = fleet;
  const session = await TestSession.open(a);
  await use(session, { set: { kept: 1, both: "a" } });
  assertEquals(await use(session.on(b), { get: "kept" }), 1);
  a.member.isUp = false;
  await use(session, { set: { late: 2 }, remove: "kept" });
  assertEquals(await use(session, { get: "late" }), 2);
  assertEquals(await use(session.on(b), { get: "late" }), null);
  await use(session.on(b), { set: { both: "b" } });
  a.member.isUp = true;
  await settled();
  for (const at of [a, b]) {
    assertEquals(await use(session.on(at), { get: "late" }), 2);
    assertEquals(await use(session.on(at), { get: "kept" }), null);
    assertEquals(await use(session.on(at), { get: "both" }), "b");
  }
});

Deno.test("a store that comes back empty gets the record of a session again", async () => {
  using fleet = await started(2);
  const { a, b } = fleet;
  const session = await TestSession.open(a);
  await use(session, { set: { step: 3 }, show: "admin" });
  await session.ask(rpc("resources/subscribe", { uri: "x://one" }));
  await session.ask(rpc("logging/setLevel", { level: "error" }));
  for (const { member } of fleet.all) member.isUp = false;
  fleet.hub.clear();
  for (const { member } of fleet.all) member.isUp = true;
  await settled();
  const [record] = fleet.hub.sessions.values();
  assertEquals([record?.logLevel, record?.subscriptions], ["error", ["x://one"]]);
  assertEquals(await use(session.on(b), { get: "step" }), 3);
  assertEquals((await toolNames(session.on(b))).includes("secret"), true);
});

Deno.test("what others write into the record of a session fails no call", async () => {
  using fleet = await started(2);
  const { a, b } = fleet;
  const session = await TestSession.open(a);
  await use(session, { set: { x: 1 } });
  const [key = ""] = fleet.hub.sessions.keys();
  await b.member.writeSession(key, { values: { broken: "{", y: "2" } });
  assertEquals(await use(session.on(b), { get: "broken" }), null);
  assertEquals(await use(session.on(b), { get: "y" }), 2);
  assertMatch(key, /^[0-9a-f]{32}$/);
});
