import { assertEquals, assertStringIncludes } from "@std/assert";
import { reportOf, type RunResult, totalsOf } from "./report.ts";
import type { Check } from "./suite.ts";

function check(status: Check["status"], errorMessage?: string): Check {
  return { id: "some-check", name: "Some", status, ...(errorMessage && { errorMessage }) };
}

const RUNS: readonly RunResult[] = [
  {
    run: { path: "/mcp", revision: "2025-11-25", select: "requirements" },
    results: [
      { scenario: "ping", checks: [check("SUCCESS"), check("SUCCESS"), check("INFO")] },
      { scenario: "caching", checks: [check("SUCCESS"), check("WARNING", "Too short")] },
    ],
  },
  {
    run: { path: "/mcp", revision: "2026-07-28", select: "requirements" },
    results: [
      { scenario: "caching", checks: [check("SUCCESS"), check("FAILURE", "No ttlMs")] },
    ],
  },
];

Deno.test("`totalsOf()` counts the checks that passed and failed in all runs", () => {
  assertEquals(totalsOf(RUNS), { passed: 4, failed: 1 });
});

Deno.test("`reportOf()` has a line for each scenario and a column for each run", () => {
  const words = reportOf(RUNS).split("\n").slice(0, 4).map((line) => line.trim().split(/ {2,}/));

  assertEquals(words, [
    ["2025-11-25", "2026-07-28"],
    ["/mcp", "/mcp"],
    ["ping", "2"],
    ["caching", "1 warned", "1 failed"],
  ]);
});

Deno.test("`reportOf()` tells why a check failed, and in which run", () => {
  assertStringIncludes(
    reportOf(RUNS),
    "FAILURE 2026-07-28 /mcp caching\n  some-check (Some)\n  No ttlMs",
  );
});
