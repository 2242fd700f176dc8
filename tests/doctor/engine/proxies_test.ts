import { assertEquals, assertMatch } from "@std/assert";
import { fixesFor, knownTimeoutAt, recognise } from "../../../doctor/engine/proxies.js";

const SEEN: readonly (readonly [Record<string, string>, readonly string[]])[] = [
  [{}, []],
  [{ server: "nginx/1.22.1" }, ["nginx"]],
  [{ server: "openresty" }, ["nginx"]],
  [{ server: "cloudflare", "cf-ray": "8a-FRA" }, ["Cloudflare"]],
  [{ server: "nginx", "cf-ray": "8a-FRA" }, ["Cloudflare", "nginx"]],
  [{ server: "awselb/2.0" }, ["AWS ALB"]],
  [{ server: "Caddy", via: "1.1 Caddy" }, ["Caddy"]],
  [{ server: "istio-envoy" }, ["Envoy"]],
  [{ via: "1.1 google" }, ["Google Cloud"]],
  [{ via: "1.1 vegur" }, ["Heroku"]],
];

for (const [headers, proxies] of SEEN) {
  Deno.test(`recognise() finds ${proxies.join(" and ") || "nobody"} in ${JSON.stringify(headers)}`, () => {
    assertEquals(recognise(new Headers(headers)), proxies);
  });
}

const CUTS: readonly (readonly [number, RegExp])[] = [
  [60_030, /nginx.*AWS ALB/],
  [55_010, /Heroku/],
  [100_500, /Cloudflare/],
  [125_900, /Cloudflare/],
  [300_200, /Envoy/],
  [350_000, /AWS NLB/],
];

for (const [ms, who] of CUTS) {
  Deno.test(`knownTimeoutAt() knows who cuts after ${ms} ms`, () => {
    assertMatch(knownTimeoutAt(ms) ?? "", who);
  });
}

Deno.test("knownTimeoutAt() does not guess", () => {
  for (const ms of [0, 5_000, 45_000, 80_000, 1_000_000]) {
    assertEquals(knownTimeoutAt(ms), undefined);
  }
});

Deno.test("fixesFor() names the proxy that was seen alone, and the usual ones where none was", () => {
  assertEquals(fixesFor("idle", ["AWS ALB"]).map(({ who }) => who), ["AWS ALB"]);
  assertEquals(fixesFor("idle", ["Fly.io"]).map(({ who }) => who), [
    "nginx",
    "Caddy",
    "HAProxy",
    "AWS ALB",
    "Cloudflare",
  ]);
});
