/**
 * A server of its own in one call: settings from the environment, log, signals, drain.
 *
 *     deno run --allow-net --allow-env docs/examples/serve.ts --port=8000
 */
import { createApp } from "@lifeline/mcp";
import { heap, readSettings, resident, serve } from "@lifeline/mcp/serve";
import { greet } from "./tools.ts";

await serve(createApp({ tools: [greet], settings: readSettings(), heap, resident }));
