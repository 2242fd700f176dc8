/** The tool that the examples of mounting serve. */
import * as z from "zod";
import { defineTool } from "@lifeline/mcp";

export const greet = defineTool({
  name: "greet",
  description: "Greets somebody",
  input: z.object({ name: z.string() }),
  run: ({ name }) => `Hello ${name}`,
});
