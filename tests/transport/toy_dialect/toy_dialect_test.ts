/** A dialect that is not Lifeline's: a folder, and a place in the list of dialects. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { DIALECTS } from "../../../lib/transport/dialects.ts";
import { testApp } from "../../helpers/app.ts";
import { watchListeners } from "../../helpers/change_listeners.ts";
import { EventReader } from "../../helpers/sse.ts";
import { toolThat } from "../../helpers/tools.ts";
import { TOY } from "./mod.ts";

const toyApp = () => testApp({ dialects: [TOY, ...DIALECTS], tools: [toolThat(() => "", "one")] });
const HEADERS = { toy: "1", accept: "text/event-stream" };

Deno.test("a dialect that an app adds answers its requests, on streams that live as all others do", async () => {
  using app = toyApp();
  const events = new EventReader(await app.request("/mcp", { headers: HEADERS }));
  assertEquals((await events.next())?.data, "one");
  app.catalog.tools.add(toolThat(() => "", "two"));
  assertEquals((await events.next())?.data, "one two");
  assertEquals(app.ledger().open, 1);
  await app.drain(0);
  const end = await events.next();
  assertEquals([end?.event, end?.data], ["end", "drain"]);
  assertEquals([app.ledger().open, app.ledger().closed.drain], [0, 1]);
});

Deno.test("a stream of the added dialect that ends while it opens listens to nothing", async () => {
  const { dialects, listeners } = watchListeners([TOY]);
  const settings = { MCP_MAX_TOTAL_QUEUED_BYTES: 1_024 };
  using app = testApp({ dialects, settings, tools: [toolThat(() => "", "one")] });
  const open = await app.request("/mcp", { headers: HEADERS });
  assertEquals([listeners.size, app.ledger().open], [1, 1]);
  await open.body?.cancel();
  assertEquals([listeners.size, app.ledger().open], [0, 0]);
  for (let index = 10; index < 30; index++) {
    app.catalog.tools.add(toolThat(() => "", `${index}${"n".repeat(100)}`));
  }
  const ended = await app.request("/mcp", { headers: HEADERS });
  assertEquals([listeners.size, app.ledger().closed.queue_full], [0, 1]);
  await ended.body?.cancel().catch(() => {});
});

Deno.test("what is not the added dialect's goes on to the others", async () => {
  using app = toyApp();
  const events = new EventReader(
    await app.request("/mcp", { headers: { accept: "text/event-stream" } }),
  );
  assertEquals((await events.next())?.event, "endpoint");
  await events.leave();
});

Deno.test("metrics, CORS and server information know the added dialect from its place in the list", async () => {
  using app = toyApp();
  const events = new EventReader(await app.request("/mcp", { headers: HEADERS }));
  await events.next();
  const metrics = await (await app.operate("/metrics")).text();
  assertStringIncludes(metrics, 'lifeline_connections_open{dialect="toy"} 1\n');
  assertStringIncludes(metrics, 'lifeline_connections_opened_total{dialect="toy"} 1\n');
  const preflight = await app.request("/mcp", {
    method: "OPTIONS",
    headers: { origin: "http://localhost", "access-control-request-method": "GET" },
  });
  const allowed = preflight.headers.get("access-control-allow-headers")?.split(", ");
  assertEquals(allowed?.filter((name) => name === "Toy"), ["Toy"]);
  const { endpoints } = await (await app.request("/mcp/info")).json();
  const uses = endpoints.filter(({ use }: { use: string }) => use.includes("the header Toy"));
  assertEquals(uses.map(({ method, path }: Record<string, string>) => `${method} ${path}`), [
    "GET /mcp",
    "GET /mcp/sse",
  ]);
  await events.leave();
});

Deno.test("docs/architecture.md shows the toy dialect as it is", async () => {
  const [page, code] = await Promise.all(
    ["../../../docs/architecture.md", "./mod.ts"].map((path) =>
      Deno.readTextFile(new URL(path, import.meta.url))
    ),
  );
  // The page shows the file from its first declaration on.
  const shown = code!.slice(code!.indexOf("/** GET with"));
  assertStringIncludes(page!, `\`\`\`ts ignore\n${shown}\`\`\`\n`);
});
