/** Calls an app as a function, with the traceparent header that its argument gives. */
import { createApp } from "../../lib/mod.ts";

const app = createApp();
const response = await app.fetch(
  new Request("http://localhost/mcp", {
    method: "POST",
    headers: { "content-type": "application/json", traceparent: Deno.args[0] ?? "" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping" }),
  }),
);
if (response.status !== 200) throw new Error(`Ping got ${response.status}`);
await response.body?.cancel();
app.stop();
