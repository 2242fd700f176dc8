import { defineTool } from "@lifeline/mcp";
import * as z from "zod";

export const greet = defineTool({
  name: "greet",
  description: "Greets somebody",
  input: z.object({ name: z.string() }),
  run: ({ name }) => `Hello ${name}`,
});

/** Names the tenant of a caller. The header may be missing, whatever the project's own options. */
export const tenant = defineTool({
  name: "tenant",
  description: "Names the tenant",
  run: (_input, { headers }) => {
    // @ts-expect-error -- undefined where the request has no such header
    const name: string = headers["x-tenant"];
    return name ?? "nobody";
  },
});
