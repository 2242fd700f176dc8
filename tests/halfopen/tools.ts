import * as z from "zod";
import { defineTool } from "../../lib/mod.ts";

/** Runs until its client is gone, and then says why on stderr. */
export const hold = defineTool({
  name: "hold",
  description: "Runs until its client is gone",
  input: z.object({ client: z.string() }),
  run: async ({ client }, ctx) => {
    ctx.log.info("holding");
    const { promise, resolve } = Promise.withResolvers<void>();
    ctx.signal.addEventListener("abort", () => resolve(), { once: true });
    await promise;
    const { reason } = ctx.signal.reason;
    Deno.stderr.writeSync(
      new TextEncoder().encode(`${JSON.stringify({ message: "aborted", client, reason })}\n`),
    );
    return "nobody hears it";
  },
});
