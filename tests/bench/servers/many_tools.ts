/** As many tools as the query of its URL says; for `MCP_TOOLS`. */
import * as z from "zod";
import { defineTool, type Tool } from "../../../lib/mod.ts";

const count = Number(new URL(import.meta.url).searchParams.get("count") ?? 1);

export const tools: Tool[] = Array.from({ length: count }, (_, index) =>
  defineTool({
    name: `echo_${index}`,
    title: "Echo",
    description: "Gives the message back unchanged",
    input: z.object({ message: z.string().describe("What to give back") }),
    annotations: { readOnlyHint: true, openWorldHint: false },
    run: ({ message }) => message,
  }));
