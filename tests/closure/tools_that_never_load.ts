/** A module that waits for something that never comes, as for a database at start. */
import { readLines } from "../helpers/lines.ts";

Deno.stderr.writeSync(new TextEncoder().encode("waiting for a database\n"));
for await (const _ of readLines(Deno.stdin.readable)) {
  // Nobody says anything.
}
