/** Keys of the operator: how they are written down, rotated and replaced. */
import { assertEquals, assertThrows } from "@std/assert";
import { createHash } from "node:crypto";
import { AuthFailure } from "../../lib/auth/auth_failure.ts";
import { parseKeys, type StaticKey, StaticKeys } from "../../lib/auth/static_keys.ts";
import { ConfigError } from "../../lib/base/errors.ts";

const OLD_KEY = "the-key-before-it";
const NEW_KEY = "the-key-of-today";

function hashOf(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}

function outcome(keys: StaticKeys, token: string): string {
  const verdict = keys.verify({ token, isKey: false });
  return verdict instanceof AuthFailure ? verdict.reason : verdict.identity.principal;
}

Deno.test("a key is known by its hash, in either case, or by itself", () => {
  const keys = new StaticKeys([
    { name: "hashed", sha256: hashOf(OLD_KEY).toUpperCase() },
    { name: "plain", key: NEW_KEY },
  ]);
  assertEquals(outcome(keys, OLD_KEY), '["urn:lifeline:key","hashed"]');
  assertEquals(outcome(keys, NEW_KEY), '["urn:lifeline:key","plain"]');
  assertEquals(outcome(keys, hashOf(OLD_KEY)), "unknown", "the hash opens nothing");
});

Deno.test("while a key is rotated both are one caller, each with its own scopes and end", () => {
  const now = Date.parse("2026-06-01T12:00:00Z");
  const keys = new StaticKeys([
    { name: "n8n", key: OLD_KEY, scopes: ["notes:read"], expires: "2026-06-01T12:00:01Z" },
    { name: "n8n", key: NEW_KEY, scopes: ["notes:write"] },
  ], () => now);
  assertEquals(outcome(keys, OLD_KEY), outcome(keys, NEW_KEY));
  const verdict = keys.verify({ token: OLD_KEY, isKey: true });
  if (verdict instanceof AuthFailure) throw verdict;
  assertEquals(verdict.identity.scopes, ["notes:read"]);
  assertEquals(verdict.identity.expiresAt, now + 1_000);
});

Deno.test("a key that has expired is refused as that", () => {
  const keys = new StaticKeys([{ name: "n8n", key: OLD_KEY, expires: "2026-01-01" }]);
  assertEquals(outcome(keys, OLD_KEY), "expired");
});

Deno.test("replacing the keys tells who has none any more", () => {
  const keys = new StaticKeys([
    { name: "gone", key: OLD_KEY },
    { name: "n8n", key: NEW_KEY },
  ]);
  const removed: string[] = [];
  keys.onChange((principals) => removed.push(...principals));
  keys.replace([{ name: "n8n", key: "another-key-of-n8n" }]);
  assertEquals(removed, ['["urn:lifeline:key","gone"]']);
  assertEquals(outcome(keys, NEW_KEY), "unknown");
});

const FAULTS: readonly [string, StaticKey, RegExp][] = [
  ["no hash and no key", { name: "a" }, /entry 0: expected either sha256 or key/],
  ["both", { name: "a", key: OLD_KEY, sha256: hashOf(OLD_KEY) }, /either sha256 or key/],
  ["a hash too short", { name: "a", sha256: "abc" }, /entry 0.sha256: expected 64 hex/],
  ["a key too short", { name: "a", key: "short" }, /entry 0.key: expected at least 16/],
  [
    "a date that is none",
    { name: "a", key: OLD_KEY, expires: "soon" },
    /0.expires: expected a date/,
  ],
  [
    "a scope with a blank",
    { name: "a", key: OLD_KEY, scopes: ["a b"] },
    /scopes.0: expected a scope/,
  ],
];
for (const [what, entry, message] of FAULTS) {
  Deno.test(`an entry with ${what} is refused, and the keys before stay`, () => {
    const keys = new StaticKeys([{ name: "n8n", key: NEW_KEY }]);
    const { message: told } = assertThrows(() => keys.replace([entry]), ConfigError);
    assertEquals(message.test(told), true, told);
    assertEquals(told.includes(OLD_KEY), false, "no key is told");
    assertEquals(outcome(keys, NEW_KEY), '["urn:lifeline:key","n8n"]');
  });
}

Deno.test("a file that is no JSON, or no list, is refused without telling its text", () => {
  const { message } = assertThrows(() => parseKeys(`[{"key": "${OLD_KEY}"`), ConfigError);
  assertEquals(message.includes(OLD_KEY), false);
  assertThrows(() => new StaticKeys(parseKeys('{"name":"a"}')), ConfigError, "the list");
});
