/** A tool that fills the memory of its server until its client leaves. */
import * as z from "zod";
import { defineTool } from "../../lib/mod.ts";

/** Bytes of one block: large enough that its memory goes back to the system at once. */
const BLOCK = 64 * 1024 * 1024;

export const fill = defineTool({
  name: "fill",
  description: "Takes memory outside the heap until its client has left",
  input: z.object({ bytes: z.number().int().positive() }),
  run: async ({ bytes }, { signal }) => {
    const blocks: Uint8Array[] = [];
    for (let taken = 0; taken < bytes; taken += BLOCK) blocks.push(new Uint8Array(BLOCK).fill(1));
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    blocks.length = 0;
    // With `--expose-gc`; the next request would collect them too, but full memory refuses it.
    (globalThis as { gc?: () => void }).gc?.();
    return "";
  },
});
