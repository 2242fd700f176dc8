import * as z from "zod";
import { defineTool } from "../registry/tool.ts";

/** Adds two numbers: a tool with structured output. */
export const add = defineTool({
  name: "add",
  title: "Add",
  description: "Adds two numbers",
  input: z.object({
    a: z.number().describe("First number"),
    b: z.number().describe("Second number"),
  }),
  output: z.object({ sum: z.number() }),
  annotations: { readOnlyHint: true, openWorldHint: false },
  run: ({ a, b }) => ({ sum: a + b }),
});
