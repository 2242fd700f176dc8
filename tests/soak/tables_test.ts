import { assertMatch } from "@std/assert";
import { BOUNDS } from "./tables.ts";

for (const name of Object.keys(BOUNDS)) {
  Deno.test(`the soak knows the bound of a table that there is: ${name}`, async () => {
    const [path, member] = name.split(" ");
    const source = await Deno.readTextFile(new URL(`../../lib/${path}`, import.meta.url));
    assertMatch(source, new RegExp(`${member} = new (Set|Map|LruMap|SharedLruMap|IdMap)\\b`));
  });
}
