/**
 * The tool that clients call under load; for `MCP_TOOLS`. It writes each of its runs into a file of
 * the folder that the query of this module's URL names, so that a test sees a call that was run twice.
 *
 * @module
 */
import * as z from "zod";
import { defineTool, type Tool } from "../../../lib/mod.ts";

const STEP_MS = 50;
const folder = new URL(import.meta.url).searchParams.get("runs");
const file = `${folder}/${crypto.randomUUID()}`;

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

const work = defineTool({
  name: "work",
  description: "Takes a few steps, and asks the user before if it is to",
  input: z.object({ id: z.string(), steps: z.number(), asks: z.boolean() }),
  run: async ({ id, steps, asks }, ctx) => {
    if (asks) {
      const { action } = await ctx.elicit({
        message: "Go on?",
        schema: z.object({ sure: z.boolean() }),
      });
      if (action !== "accept") throw new Error(`The user said ${action}`);
    }
    Deno.writeTextFileSync(file, `${id}\n`, { append: true });
    for (let step = 1; step <= steps; step++) {
      await pause(STEP_MS);
      ctx.progress(step, steps);
    }
    return `done ${id}`;
  },
});

export const tools: Tool[] = [work];
