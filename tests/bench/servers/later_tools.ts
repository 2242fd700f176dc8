/** A tool that answers a moment later, so that its call has a stream; for `MCP_TOOLS`. */
import { defineTool, type Tool } from "../../../lib/mod.ts";

const AFTER_MS = 5;

export const tools: Tool[] = [
  defineTool({
    name: "later",
    description: "Answers after a few milliseconds",
    run: async () => {
      await new Promise((resolve) => setTimeout(resolve, AFTER_MS));
      return "hello";
    },
  }),
];
