import { assertEquals } from "@std/assert";
import fc from "../deps/fast_check.ts";
import {
  eraOf,
  isSupported,
  LEGACY_VERSIONS,
  MODERN_VERSIONS,
  negotiate,
  PROTOCOL_VERSIONS,
} from "../../lib/wire/protocol_versions.ts";

Deno.test("the revisions are these five, in two eras", () => {
  assertEquals([...PROTOCOL_VERSIONS], [
    "2026-07-28",
    "2025-11-25",
    "2025-06-18",
    "2025-03-26",
    "2024-11-05",
  ]);
  assertEquals([...MODERN_VERSIONS], ["2026-07-28"]);
  assertEquals([...LEGACY_VERSIONS], ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"]);
});

Deno.test("`negotiate()` answers with the client's revision where it has `initialize`", () => {
  for (const version of LEGACY_VERSIONS) assertEquals(negotiate(version), version);
});

Deno.test("`negotiate()` offers the newest revision with `initialize` for anything else", () => {
  for (const version of ["2026-07-28", "2030-01-01", "1999-01-01", "", "latest", 7, null, {}]) {
    assertEquals(negotiate(version), "2025-11-25");
  }
});

Deno.test("`eraOf()` counts revisions to come as modern", () => {
  assertEquals(eraOf("2026-07-28"), "modern");
  assertEquals(eraOf("2031-12-31"), "modern");
  assertEquals(eraOf("2026-07-27"), "legacy");
});

Deno.test("property: `isSupported()` holds for the five revisions and nothing else", () => {
  for (const version of PROTOCOL_VERSIONS) assertEquals(isSupported(version), true);
  fc.assert(fc.property(fc.anything(), (value) => {
    assertEquals(isSupported(value), PROTOCOL_VERSIONS.some((version) => version === value));
  }));
});
