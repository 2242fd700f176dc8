import { assertEquals, assertStringIncludes } from "@std/assert";
import { createApp } from "@lifeline/mcp";
import { testClient } from "@lifeline/mcp/testing";
import { addOrder, onStart, onStop, query, schema } from "./database.ts";

/** A client of an app whose database is new and empty. */
async function setUp() {
  Deno.env.set("SHOP_DATABASE", `${await Deno.makeTempDir()}/shop.db`);
  return await testClient(
    createApp({ tools: [query, addOrder], resourceTemplates: [schema], onStart, onStop }),
  );
}

Deno.test("database.ts answers what was written, to many at once", async () => {
  await using client = await setUp();
  await client.call("add_order", { item: "tea", amount: 2 });
  const calls = Array.from(
    { length: 20 },
    () => client.call("query", { sql: "SELECT item, amount FROM orders" }),
  );
  for (const { structuredContent } of await Promise.all(calls)) {
    assertEquals(structuredContent, { rows: [{ item: "tea", amount: 2 }], isComplete: true });
  }
});

Deno.test("database.ts changes nothing by a query, and says what is wrong with one", async () => {
  await using client = await setUp();
  await client.call("add_order", { item: "tea", amount: 2 });
  const refused = [
    "DELETE FROM orders",
    "PRAGMA query_only = 0",
    "SELEKT 1",
  ];
  for (const sql of refused) {
    const result = await client.call("query", { sql });
    assertEquals(result.isError, true, sql);
    assertStringIncludes(JSON.stringify(result.content), "error");
  }
  // What follows the first statement is never run.
  await client.call("query", { sql: "SELECT 1); DELETE FROM orders; --" });
  const { structuredContent } = await client.call("query", { sql: "SELECT id FROM orders" });
  assertEquals(structuredContent, { rows: [{ id: 1 }], isComplete: true });
});

Deno.test("database.ts says when there are more rows", async () => {
  await using client = await setUp();
  const sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n";
  const { structuredContent } = await client.call("query", { sql });
  const { rows, isComplete } = structuredContent as { rows: unknown[]; isComplete: boolean };
  assertEquals([rows.length, isComplete], [100, false]);
});

Deno.test("database.ts shows the schema of a table as a resource", async () => {
  await using client = await setUp();
  const { contents } = await client.read("shop://tables/orders");
  assertStringIncludes(JSON.stringify(contents), "item TEXT NOT NULL");
});
