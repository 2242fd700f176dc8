/** As many tools as the query of its URL says; for `MCP_TOOLS`. */
import type { Tool } from "../../../lib/mod.ts";
import { echoTools } from "./echo_tools.ts";

const count = Number(new URL(import.meta.url).searchParams.get("count") ?? 1);

export const tools: Tool[] = echoTools(count);
