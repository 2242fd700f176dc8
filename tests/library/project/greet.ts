import { defineTool } from "@lifeline/mcp";
import * as z from "zod";

export const greet = defineTool({
  name: "greet",
  description: "Greets somebody",
  input: z.object({ name: z.string() }),
  run: ({ name }) => `Hello ${name}`,
});
