/**
 * For `deno serve`, which listens itself.
 *
 *     deno serve --host=127.0.0.1 --port=8000 docs/examples/deno_serve.ts
 */
import { createApp } from "@lifeline/mcp";
import { drainOnSignal, logToStderr, toServeHandler } from "@lifeline/mcp/serve";
import { greet } from "./tools.ts";

const app = createApp({ tools: [greet] });
logToStderr(app);

export default { fetch: toServeHandler(app) } satisfies Deno.ServeDefaultExport;

drainOnSignal(app);
