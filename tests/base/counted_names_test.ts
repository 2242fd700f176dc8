/** Equal events get few log lines, and names get few labels. */
import { assertEquals } from "@std/assert";
import { LabelAllowlist, MAX_NAMES } from "../../lib/base/label_allowlist.ts";
import { logFor } from "../../lib/base/log.ts";
import { Throttle, ThrottledWarning } from "../../lib/base/throttled_warning.ts";
import { CapturedLog } from "../helpers/log.ts";

Deno.test("of many equal events one in ten seconds gets a line, with the count since the last", () => {
  const throttle = new Throttle();
  const at = (now: number) => throttle.count("a", now);
  assertEquals([at(0), at(1), at(9_999)], [1, undefined, undefined]);
  assertEquals([at(10_000), at(10_001), at(19_999)], [3, undefined, undefined]);
  assertEquals([at(20_000), at(40_000)], [3, 1]);
});

Deno.test("each subject has a count and a time of its own", () => {
  const throttle = new Throttle();
  assertEquals([throttle.count("a", 0), throttle.count("b", 5_000)], [1, 1]);
  assertEquals([throttle.count("a", 5_000), throttle.count("b", 6_000)], [undefined, undefined]);
  assertEquals([throttle.count("a", 10_000), throttle.count("b", 10_000)], [2, undefined]);
  assertEquals(throttle.count("b", 15_000), 3);
});

Deno.test("a warning of a limit is logged at once, then at most every ten seconds", () => {
  using log = new CapturedLog();
  const warning = new ThrottledWarning(logFor("test"));
  for (const now of [0, 10, 20, 10_000, 10_010]) warning.warn("max_flaps", now);
  assertEquals(log.lines, [
    '[WARNING] Refused {"limit":"max_flaps","refused":1}',
    '[WARNING] Refused {"limit":"max_flaps","refused":3}',
  ]);
});

Deno.test("a label is a known name, and the first hundred of them stay labels", () => {
  const known = new Set(Array.from({ length: 150 }, (_, index) => `name${index}`));
  const labels = new LabelAllowlist((name) => known.has(name));
  assertEquals(MAX_NAMES, 100);
  for (const other of ["unknown", 1, undefined, null, {}]) {
    assertEquals(labels.allow(other), undefined);
  }
  const allowed = [...known].map((name) => labels.allow(name));
  assertEquals(allowed.slice(0, 100), [...known].slice(0, 100));
  assertEquals(allowed.slice(100), Array(50).fill(undefined));
  assertEquals([labels.allow("name7"), labels.allow("name120")], ["name7", undefined]);
  known.delete("name7");
  assertEquals(labels.allow("name7"), undefined);
});
