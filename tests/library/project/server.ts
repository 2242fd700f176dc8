import { createApp } from "@lifeline/mcp";
import { heap, readSettings, serve } from "@lifeline/mcp/serve";
import { greet } from "./greet.ts";

await serve(createApp({ tools: [greet], settings: readSettings(), heap }));
