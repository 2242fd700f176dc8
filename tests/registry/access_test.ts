/** Scopes that a feature needs, and who finds it in lists. */
import { assertEquals, assertThrows } from "@std/assert";
import { ALL_SCOPES } from "../../lib/auth/scopes.ts";
import { RegistrationError } from "../../lib/base/errors.ts";
import { accessOf, isListedFor } from "../../lib/registry/access.ts";

Deno.test("a definition needs the scopes that it names, and is listed for those who have them", () => {
  const scopes = ["a", "b:c"];
  assertEquals(accessOf({}, "it"), {});
  assertEquals(accessOf({ scopes: [], listedFor: "everybody" }, "it"), {});
  assertEquals(accessOf({ scopes }, "it"), { scopes });
  assertEquals(accessOf({ scopes, listedFor: "granted" }, "it"), { scopes });
  assertEquals(accessOf({ scopes, listedFor: "everybody" }, "it"), {
    scopes,
    isListedForAll: true,
  });
});

for (const wrong of ["", "a b", 'a"', "a\\", "ä", 5, null]) {
  Deno.test(`${JSON.stringify(wrong)} among scopes is refused, with the owner`, () => {
    const define = () => accessOf({ scopes: ["a", wrong as string] }, 'tool "t"');
    assertEquals(
      assertThrows(define, RegistrationError).message,
      `Cannot serve tool "t": ${JSON.stringify(wrong)} is not a scope: a text without blanks, ` +
        "quotes and backslashes",
    );
  });
}

Deno.test("a feature is listed for a caller who has all its scopes, or for everybody", () => {
  const callers = [undefined, [], ["a"], ["b", "a"], ALL_SCOPES];
  const listedFor = (guarded: Parameters<typeof isListedFor>[0]) =>
    callers.map((granted) => isListedFor(guarded, granted));
  const everybody = [true, true, true, true, true];
  assertEquals(listedFor({}), everybody);
  assertEquals(listedFor({ scopes: [] }), everybody);
  assertEquals(listedFor({ scopes: ["a", "b"], isListedForAll: true }), everybody);
  assertEquals(listedFor({ scopes: ["a", "b"] }), [false, false, false, true, true]);
  assertEquals(listedFor({ scopes: ["a"], isListedForAll: false }), [
    false,
    false,
    true,
    true,
    true,
  ]);
});
