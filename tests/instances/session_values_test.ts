/** Values and tags that tools keep for a session, at any of several instances. */
import { assert, assertEquals } from "@std/assert";
import * as z from "zod";
import { defineTool } from "../../lib/mod.ts";
import { rpc, toolCall } from "../helpers/app.ts";
import { Instances } from "../helpers/instances.ts";
import { TestSession } from "../helpers/session.ts";
import { EventReader } from "../helpers/sse.ts";
import { settled } from "../helpers/time.ts";

const value = z.union([z.string(), z.number(), z.null()]);

const tools = [
  defineTool({
    name: "set",
    description: "Keeps a value",
    input: z.object({ key: z.string(), value }),
    run: ({ key, value }, { session }) => {
      session?.set(key, value ?? undefined);
      return "kept";
    },
  }),
  defineTool({
    name: "get",
    description: "Gives a value",
    input: z.object({ key: z.string() }),
    run: ({ key }, { session }) => JSON.stringify(session?.get(key) ?? null),
  }),
  defineTool({
    name: "show",
    description: "Shows or hides a tag",
    input: z.object({ tag: z.string(), isVisible: z.boolean() }),
    run: ({ tag, isVisible }, { session }) => {
      if (isVisible) session?.show(tag);
      else session?.hide(tag);
      return "done";
    },
  }),
  defineTool({
    name: "admin",
    description: "For administrators",
    tags: ["admin"],
    enabled: false,
    run: () => "ran",
  }),
];

let calls = 0;

async function call(session: TestSession, name: string, args = {}): Promise<string> {
  const { result, error } = await session.ask(toolCall(name, args, ++calls));
  return error?.message ?? result.content[0].text;
}

Deno.test("a value that a call has set is there for the next call at any instance", async () => {
  using fleet = await Instances.start(3, { tools });
  const [a, b, c] = fleet.all;
  const atA = await TestSession.open(a!);
  const [atB, atC] = [atA.on(b!), atA.on(c!)];
  assertEquals(await call(atB, "get", { key: "n" }), "null");
  await call(atA, "set", { key: "n", value: 1 });
  assertEquals(await call(atB, "get", { key: "n" }), "1", "in memory already");
  assertEquals(await call(atC, "get", { key: "n" }), "1", "restored");
  await Promise.all([
    call(atA, "set", { key: "a", value: "A" }),
    call(atB, "set", { key: "b", value: "B" }),
    call(atC, "set", { key: "n", value: null }),
  ]);
  await settled();
  const late = atA.on(await fleet.add());
  for (const session of [atA, atB, atC, late]) {
    const values = [];
    for (const key of ["a", "b", "n"]) values.push(await call(session, "get", { key }));
    assertEquals(values, ['"A"', '"B"', "null"]);
  }
});

Deno.test("a value outlives the instance that has set it, and no other session sees it", async () => {
  using fleet = await Instances.start(2, { tools });
  const [a, b] = fleet.all;
  const session = await TestSession.open(a!);
  await call(session, "set", { key: "n", value: 7 });
  fleet.kill(fleet.all[0]!);
  assertEquals(await call(session.on(b!), "get", { key: "n" }), "7");
  assertEquals(await call(await TestSession.open(b!), "get", { key: "n" }), "null");
});

Deno.test("what a session shows and hides holds at every instance", async () => {
  using fleet = await Instances.start(2, { tools });
  const [a, b] = fleet.all;
  const session = await TestSession.open(a!);
  const other = session.on(b!);
  const listed = async (at: TestSession) => {
    const { result } = await at.ask(rpc("tools/list", {}, ++calls));
    return result.tools.map(({ name }: { name: string }) => name).includes("admin");
  };
  assertEquals([await listed(session), await listed(other)], [false, false]);
  const events = new EventReader(await session.listen());
  await call(other, "show", { tag: "admin", isVisible: true });
  let told = await events.next();
  while (told !== undefined && told.json === undefined) told = await events.next();
  assertEquals(told?.json.method, "notifications/tools/list_changed");
  await settled();
  assertEquals([await listed(session), await listed(other)], [true, true]);
  assertEquals(await call(session, "admin"), "ran");
  await call(session, "show", { tag: "admin", isVisible: false });
  await settled();
  assertEquals([await listed(session), await listed(other)], [false, false]);
  assert((await call(other, "admin")).startsWith("Unknown tool"));
  await events.leave();
});

Deno.test("a batch records the values of all its calls", async () => {
  using fleet = await Instances.start(2, { tools });
  const [a, b] = fleet.all;
  const session = await TestSession.open(a!, { version: "2025-03-26" });
  const batch = [1, 2].map((n) => toolCall("set", { key: `k${n}`, value: n }, ++calls));
  await (await session.post(batch, { accept: "application/json" })).body?.cancel();
  assertEquals(await call(session.on(b!), "get", { key: "k1" }), "1");
  assertEquals(await call(session.on(b!), "get", { key: "k2" }), "2");
});
