/** The modules that a plain start loads: each costs time, whether it is used or not. */
import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { LIST, listedIn, loadedBy, modulesToList, ROOT } from "./start_modules.ts";

/** Modules of `lib/` that a start may load. Load what few starts need with `import()`. */
const MAX_MODULES = 250;
/** Modules that the list may lack or have in excess: each costs little. */
const MAX_STRAY = 10;
/** What only some settings ask for, or the first request for a page. */
const ON_DEMAND = [
  /^lib\/auth\/create_auth\.ts$/,
  /^lib\/fleet\/fleet\.ts$/,
  /^lib\/gateway\//,
  /^lib\/http\/routes\/(page|connections|operator_actions)/,
  /^lib\/runtime\/(gateway|keys_file|load_features|open_fleet|stdio)/,
  /^lib\/runtime\/half_open\/tcp_probe\.ts$/,
  /^lib\/runtime\/listen\/node_/,
  /^lib\/store\/(kv|redis)\//,
  /^lib\/transport\/stdio\//,
  /^(static|doctor)\//,
];

Deno.test("the modules of a plain start are bounded in number, and none is of a feature that is off", async () => {
  const paths = await loadedBy("main.ts");
  const own = paths.filter((path) => path.startsWith("lib/"));
  assert(own.includes("lib/http/app.ts"), "the search finds what is loaded");
  assert(own.length <= MAX_MODULES, `${own.length} modules, at most ${MAX_MODULES}`);
  assertEquals(paths.filter((path) => ON_DEMAND.some((rule) => rule.test(path))), []);
});

Deno.test("the list of modules has nearly those that a start loads without it; else run `deno task modules`", async () => {
  const needed = new Set(await modulesToList());
  const listed = new Set(listedIn(await Deno.readTextFile(new URL(LIST, ROOT))));
  const stray = [...listed.symmetricDifference(needed)];
  assertLessOrEqual(stray.length, MAX_STRAY, stray.join(" "));
});

Deno.test("`deno task dev` has Deno read all targets of `import()`, as it watches only what it has read", () => {
  const flag = "--unstable-lazy-dynamic-imports";
  const { start, dev } = config.tasks;
  assertEquals([start, dev].map(({ command }) => command.includes(flag)), [true, false]);
});
