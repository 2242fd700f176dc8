import * as z from "zod";
import { defineTool } from "../registry/tool.ts";

/** Returns its text: the least that a tool can do. */
export const echo = defineTool({
  name: "echo",
  title: "Echo",
  description: "Gives the message back unchanged",
  input: z.object({ message: z.string().describe("What to give back") }),
  annotations: { readOnlyHint: true, openWorldHint: false },
  run: ({ message }) => message,
});
