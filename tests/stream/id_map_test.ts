import { assertEquals } from "@std/assert";
import { IdMap } from "../../lib/base/slot_list.ts";

Deno.test("a directory goes through what it has oldest first, whoever left between", () => {
  const directory = new IdMap<{ id: string }>();
  for (const id of ["a", "b", "c"]) directory.add({ id });
  assertEquals(directory.delete("a"), true);
  directory.add({ id: "d" });
  assertEquals([...directory.values()].map(({ id }) => id), ["b", "c", "d"]);
  assertEquals(directory.get("d"), { id: "d" });
  assertEquals([directory.size, directory.get("a")], [3, undefined]);
});

Deno.test("who is in no directory is not taken out of it", () => {
  const directory = new IdMap<{ id: string }>();
  directory.add({ id: "a" });
  assertEquals([directory.delete("b"), directory.delete("a"), directory.delete("a")], [
    false,
    true,
    false,
  ]);
  assertEquals([directory.size, [...directory.values()]], [0, []]);
});

Deno.test("who leaves while a directory is gone through is passed over", () => {
  const directory = new IdMap<{ id: string }>();
  for (const id of ["a", "b", "c"]) directory.add({ id });
  const seen: string[] = [];
  for (const { id } of directory.values()) {
    seen.push(id);
    directory.delete("b");
  }
  assertEquals(seen, ["a", "c"]);
});
