// deno-lint-ignore-file no-import-prefix no-console -- an example says which version it is for
import {
  createMcpHandler,
  inputRequired,
  inputResponse,
  McpServer,
  ResourceTemplate,
} from "npm:@modelcontextprotocol/server@2.4.0";
import * as z from "zod";
import { CHART, importRow, Pool } from "./shop.ts";

const order = z.object({
  id: z.number(),
  customer: z.string(),
  day: z.string(),
  total: z.number(),
});

/** A server is made for each request. */
function createServer(pool: Pool): McpServer {
  const server = new McpServer({ name: "shop", version: "1.0.0" }, {
    capabilities: { logging: {} },
  });

  server.registerTool("import_orders", {
    description: "Imports orders, row by row",
    inputSchema: z.object({ rows: z.int().min(1).max(10_000) }),
    outputSchema: z.object({ imported: z.number() }),
  }, async ({ rows }, { mcpReq }) => {
    const progressToken = mcpReq._meta?.progressToken;
    for (let row = 1; row <= rows; row++) {
      await importRow(mcpReq.signal);
      if (progressToken === undefined) continue;
      await mcpReq.notify({
        method: "notifications/progress",
        params: { progressToken, progress: row, total: rows, message: `Row ${row}` },
      });
    }
    await mcpReq.log("info", `Imported ${rows} rows`);
    const result = { imported: rows };
    return {
      content: [{ type: "text", text: JSON.stringify(result) }],
      structuredContent: result,
    };
  });

  server.registerTool("find_orders", {
    description: "Finds orders",
    inputSchema: z.object({
      where: z.discriminatedUnion("by", [
        z.object({ by: z.literal("customer"), name: z.string() }),
        z.object({ by: z.literal("day"), from: z.iso.date(), to: z.iso.date() }),
      ]),
      page: z.object({ offset: z.int().default(0), limit: z.int().default(10) }).prefault({}),
    }),
    outputSchema: z.object({ orders: z.array(order) }),
  }, ({ where, page }) => {
    const result = { orders: pool.find(where, page) };
    return {
      content: [{ type: "text", text: JSON.stringify(result) }],
      structuredContent: result,
    };
  });

  server.registerTool("chart", {
    description: "Draws the orders of this month",
  }, () => ({ content: [{ type: "image", data: CHART, mimeType: "image/png" }] }));

  server.registerTool("refund", {
    description: "Pays an order back, after the user has agreed",
    inputSchema: z.object({ id: z.int() }),
  }, ({ id }, { mcpReq }) => {
    const requestedSchema = z.object({ sure: z.boolean() });
    const answer = inputResponse(mcpReq.inputResponses, "sure");
    if (answer.kind !== "elicit") {
      const question = { message: `Pay order ${id} back?`, requestedSchema };
      return inputRequired({ inputRequests: { sure: inputRequired.elicit(question) } });
    }
    const isSure = answer.action === "accept" &&
      requestedSchema.safeParse(answer.content).data?.sure === true;
    const text = isSure ? `Order ${id} is paid back` : "Nothing was paid";
    return { content: [{ type: "text", text }] };
  });

  server.registerResource(
    "stock",
    "shop://stock",
    { mimeType: "text/plain" },
    ({ href }) => ({ contents: [{ uri: href, mimeType: "text/plain", text: "Tea: 12" }] }),
  );

  server.registerResource(
    "order",
    new ResourceTemplate("shop://orders/{id}", {
      list: undefined,
      complete: { id: (typed) => ["1", "2", "3"].filter((id) => id.startsWith(typed)) },
    }),
    { mimeType: "application/json" },
    ({ href }, { id }) => {
      const text = JSON.stringify(pool.order(Number(id)) ?? null);
      return { contents: [{ uri: href, mimeType: "application/json", text }] };
    },
  );

  server.registerPrompt("complaint", {
    argsSchema: z.object({ order: z.string() }),
  }, ({ order }) => {
    const text = `Answer a complaint about order ${order}`;
    return { messages: [{ role: "user", content: { type: "text", text } }] };
  });

  return server;
}

const pool = await Pool.open();
const handler = createMcpHandler(() => createServer(pool));

const http = Deno.serve({
  hostname: "127.0.0.1",
  port: Number(Deno.env.get("PORT") ?? 8000),
  onListen: ({ port }) => console.error(`http://localhost:${port}/mcp`),
}, (request) => handler.fetch(request));

Deno.addSignalListener("SIGTERM", async () => {
  await handler.close();
  await http.shutdown();
  await pool.end();
  Deno.exit();
});
