/** For `MCP_TOOLS`: this module exports as many tools as the query of its URL says. */
import type { Tool } from "../../../lib/mod.ts";
import { echoTools } from "./echo_tools.ts";

const count = Number(new URL(import.meta.url).searchParams.get("count") ?? 1);

export const tools: Tool[] = echoTools(count);
