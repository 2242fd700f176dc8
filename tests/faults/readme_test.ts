/** The kit's README says of every fault how it ends. */
import { assertEquals } from "@std/assert";
import { REQUEST_FAULTS, RESET_STAGES } from "./request_faults.ts";
import { STREAM_FAULTS } from "./stream_faults.ts";

const README = Deno.readTextFileSync(new URL("./README.md", import.meta.url));

Deno.test("the README names every fault of the kit once, with how it ends", () => {
  const [table = ""] = /^\| a client that[^]*?\n\n/m.exec(README) ?? [];
  const named = table.split("\n").flatMap((row) => {
    const [, , names = "", ends = ""] = row.split("|");
    return ends.trim() === "" ? [] : [...names.matchAll(/`([a-z_]+)`/g)].map(([, name]) => name);
  });
  const faults = [REQUEST_FAULTS, RESET_STAGES, STREAM_FAULTS].flatMap((kit) => Object.keys(kit));
  assertEquals(named.sort(), faults.sort());
});
