/** The lists of a server, kept once for all its children. */
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { KnownEntries } from "../../lib/gateway/known_entries.ts";
import { testClient } from "../../lib/testing.ts";
import { gatewayApp } from "./gateway_app.ts";
import { ordinary } from "./scripted_server.ts";

const list = (...names: readonly string[]) =>
  names.map((name) => ({ name, inputSchema: { type: "object", properties: { [name]: {} } } }));

Deno.test("an entry that children list alike is one object, and one that differs is its own", () => {
  const known = new KnownEntries();
  const [a, b] = known.share("tools", list("a", "b"));
  const [sameA, c, more] = known.share("tools", list("a", "c", "b"));
  assertStrictEquals(sameA, a);
  assertEquals([c, more], list("c", "b"));
  const [otherA] = known.share("prompts", list("a"));
  assert(otherA !== a, "lists are kept apart");
  assertEquals(known.share("tools", []), []);
  assert(known.share("tools", list("a", "b"))[1] !== b, "an earlier list is not kept");
});

Deno.test("a child that lists other tools than the one before it serves its own", async () => {
  let runs = 0;
  await using served = gatewayApp({
    one: (message, run) => {
      if (message.method === "initialize") runs++;
      if (message.method !== "tools/list") return ordinary()(message, run);
      return { tools: list("common", `own_${runs}`) };
    },
  }, { entries: { one: { prefix: "", share: "never" } } });
  await served.app.start();
  for (const own of ["own_2", "own_3"]) {
    const client = await testClient(served.app, { era: "2025-11-25", keepApp: true });
    assertEquals((await client.list("tools")).map(({ name }) => name), ["common", own]);
    await client.close();
  }
});
