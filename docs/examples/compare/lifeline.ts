import * as z from "zod";
import {
  createApp,
  definePrompt,
  defineResource,
  defineResourceTemplate,
  defineTool,
  type ToolContext,
} from "@lifeline/mcp";
import { heap, readSettings, serve } from "@lifeline/mcp/serve";
import { CHART, importRow, Pool } from "./shop.ts";

type Context = ToolContext<{ pool: Pool }>;

const order = z.object({
  id: z.number(),
  customer: z.string(),
  day: z.string(),
  total: z.number(),
});

const importOrders = defineTool({
  name: "import_orders",
  description: "Imports orders, row by row",
  input: z.object({ rows: z.int().min(1).max(10_000) }),
  output: z.object({ imported: z.number() }),
  run: async ({ rows }, { signal, progress, log }) => {
    for (let row = 1; row <= rows; row++) {
      await importRow(signal);
      progress(row, rows, `Row ${row}`);
    }
    log.info(`Imported ${rows} rows`);
    return { imported: rows };
  },
});

const findOrders = defineTool({
  name: "find_orders",
  description: "Finds orders",
  input: z.object({
    where: z.discriminatedUnion("by", [
      z.object({ by: z.literal("customer"), name: z.string() }),
      z.object({ by: z.literal("day"), from: z.iso.date(), to: z.iso.date() }),
    ]),
    page: z.object({ offset: z.int().default(0), limit: z.int().default(10) }).prefault({}),
  }),
  output: z.object({ orders: z.array(order) }),
  run: ({ where, page }, { app }: Context) => ({ orders: app.pool.find(where, page) }),
});

const chart = defineTool({
  name: "chart",
  description: "Draws the orders of this month",
  run: () => ({ content: [{ type: "image", data: CHART, mimeType: "image/png" }] }),
});

const refund = defineTool({
  name: "refund",
  description: "Pays an order back, after the user has agreed",
  input: z.object({ id: z.int() }),
  run: async ({ id }, { elicit }) => {
    const schema = z.object({ sure: z.boolean() });
    const answer = await elicit({ message: `Pay order ${id} back?`, schema });
    return answer.content?.sure ? `Order ${id} is paid back` : "Nothing was paid";
  },
});

const stock = defineResource({
  uri: "shop://stock",
  name: "stock",
  mimeType: "text/plain",
  read: () => "Tea: 12",
});

const orderTemplate = defineResourceTemplate({
  uriTemplate: "shop://orders/{id}",
  name: "order",
  mimeType: "application/json",
  complete: { id: (typed) => ["1", "2", "3"].filter((id) => id.startsWith(typed)) },
  read: ({ id }, { app }: Context) => JSON.stringify(app.pool.order(Number(id)) ?? null),
});

const complaint = definePrompt({
  name: "complaint",
  arguments: z.object({ order: z.string() }),
  run: ({ order }) => `Answer a complaint about order ${order}`,
});

await serve(createApp({
  tools: [importOrders, findOrders, chart, refund],
  resources: [stock],
  resourceTemplates: [orderTemplate],
  prompts: [complaint],
  onStart: async () => ({ pool: await Pool.open() }),
  onStop: ({ pool }) => pool.end(),
  settings: readSettings(),
  heap,
}));
