/**
 * A gateway before two servers in memory. Its first line tells where it listens.
 *
 * @module
 */
import { serve } from "../../lib/serve.ts";
import { gatewayApp } from "../gateway/gateway_app.ts";
import { ordinary } from "../gateway/scripted_server.ts";

const answering = ordinary(({ method }) => method === "tools/call" ? { content: [] } : undefined);
const { app } = gatewayApp({ files: answering, search: answering }, {
  settings: {
    PORT: Number(Deno.env.get("PORT")),
    MCP_ADMIN_TOKEN: Deno.env.get("MCP_ADMIN_TOKEN"),
  },
});
await serve(app);
