import * as z from "zod";
import { defineTool, type Tool } from "../../../lib/mod.ts";

/** This many tools that differ only in their names. */
export function echoTools(count: number): Tool[] {
  return Array.from({ length: count }, (_, index) =>
    defineTool({
      name: `echo_${index}`,
      title: "Echo",
      description: "Gives the message back unchanged",
      input: z.object({ message: z.string().describe("What to give back") }),
      annotations: { readOnlyHint: true, openWorldHint: false },
      run: ({ message }) => message,
    }));
}
