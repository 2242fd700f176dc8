import { assertEquals } from "@std/assert";
import { DIALECTS as PROBED } from "../../../doctor/engine/findings.js";
import { DIALECTS } from "../../../lib/transport/dialects.ts";

/** Calls without a session need no probe of their own: 2026-07-28 answers in the same way. */
const UNPROBED = ["stateless"];

Deno.test("the doctor has a name and a probe for each dialect of the server", () => {
  const missing = DIALECTS.map(({ name }) => name)
    .filter((name) => !(name in PROBED) && !UNPROBED.includes(name));
  assertEquals(missing, []);
});
