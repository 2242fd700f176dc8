// deno-lint-ignore-file no-import-prefix no-console -- an example says which version it is for
import {
  InMemoryClientRequestAdapter,
  InMemorySessionAdapter,
  McpServer,
  StreamableHttpTransport,
} from "npm:mcp-lite@0.10.0";
import * as z from "zod";
import { CHART, importRow, Pool } from "./shop.ts";

const order = z.object({
  id: z.number(),
  customer: z.string(),
  day: z.string(),
  total: z.number(),
});

const pool = await Pool.open();

const server = new McpServer({
  name: "shop",
  version: "1.0.0",
  schemaAdapter: (schema) => z.toJSONSchema(schema as z.ZodType),
});

server.tool("import_orders", {
  description: "Imports orders, row by row",
  inputSchema: z.object({ rows: z.int().min(1).max(10_000) }),
  outputSchema: z.object({ imported: z.number() }),
  handler: async ({ rows }, ctx) => {
    for (let row = 1; row <= rows; row++) {
      await importRow();
      await ctx.progress?.({ progress: row, total: rows, message: `Row ${row}` });
    }
    const result = { imported: rows };
    return {
      content: [{ type: "text", text: JSON.stringify(result) }],
      structuredContent: result,
    };
  },
});

server.tool("find_orders", {
  description: "Finds orders",
  inputSchema: z.object({
    where: z.discriminatedUnion("by", [
      z.object({ by: z.literal("customer"), name: z.string() }),
      z.object({ by: z.literal("day"), from: z.iso.date(), to: z.iso.date() }),
    ]),
    page: z.object({ offset: z.int().default(0), limit: z.int().default(10) }).prefault({}),
  }),
  outputSchema: z.object({ orders: z.array(order) }),
  handler: (args) => {
    // The types are those of what was sent, without defaults.
    const { offset = 0, limit = 10 } = args.page ?? {};
    const result = { orders: pool.find(args.where, { offset, limit }) };
    return {
      content: [{ type: "text", text: JSON.stringify(result) }],
      structuredContent: result,
    };
  },
});

server.tool("chart", {
  description: "Draws the orders of this month",
  handler: () => ({ content: [{ type: "image", data: CHART, mimeType: "image/png" }] }),
});

server.tool("refund", {
  description: "Pays an order back, after the user has agreed",
  inputSchema: z.object({ id: z.int() }),
  handler: async ({ id }, ctx) => {
    if (!ctx.client.supports("elicitation")) throw new Error("This client cannot ask its user");
    const schema = z.object({ sure: z.boolean() });
    const answer = await ctx.elicit({ message: `Pay order ${id} back?`, schema });
    const isSure = answer.action === "accept" && answer.content?.sure === true;
    const text = isSure ? `Order ${id} is paid back` : "Nothing was paid";
    return { content: [{ type: "text", text }] };
  },
});

server.resource("shop://stock", { name: "stock", mimeType: "text/plain" }, ({ href }) => {
  const contents = [{ uri: href, mimeType: "text/plain", type: "text" as const, text: "Tea: 12" }];
  return Promise.resolve({ contents });
});

server.resource(
  "shop://orders/{id}",
  { name: "order", mimeType: "application/json" },
  ({ href }, { id }) => {
    const text = JSON.stringify(pool.order(Number(id)) ?? null);
    const contents = [{ uri: href, mimeType: "application/json", type: "text" as const, text }];
    return Promise.resolve({ contents });
  },
);

server.prompt("complaint", {
  arguments: z.object({ order: z.string() }),
  handler: ({ order }: { order: string }) => {
    const text = `Answer a complaint about order ${order}`;
    return { messages: [{ role: "user", content: { type: "text", text } }] };
  },
});

const handler = new StreamableHttpTransport({
  sessionAdapter: new InMemorySessionAdapter({ maxEventBufferSize: 1024 }),
  clientRequestAdapter: new InMemoryClientRequestAdapter({ defaultTimeoutMs: 30_000 }),
}).bind(server);

const http = Deno.serve({
  hostname: "127.0.0.1",
  port: Number(Deno.env.get("PORT") ?? 8000),
  onListen: ({ port }) => console.error(`http://localhost:${port}/mcp`),
}, (request) => handler(request));

Deno.addSignalListener("SIGTERM", async () => {
  await http.shutdown();
  await pool.end();
  Deno.exit();
});
