/** Tools whose author forgot that stdout belongs to the protocol. */
import { defineTool } from "../../../lib/mod.ts";

// deno-lint-ignore no-console -- a module may print, too
console.log("NOISE");

/** Prints where it must not. */
export const noisy = defineTool({
  name: "noisy",
  description: "Prints while it runs",
  run: () => {
    // deno-lint-ignore no-console -- what this tool is for
    for (const print of [console.log, console.info, console.debug, console.table]) print("NOISE");
    return "quiet";
  },
});
