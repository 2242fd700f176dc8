import { assertEquals } from "@std/assert";
import { boolean, integer, nameList, oneOf, Setting, text } from "../../lib/base/setting_kinds.ts";
import { unknownSetting, wrongSetting } from "../../lib/base/setting_faults.ts";

/** What is read, and the messages of all faults. */
function read<T>(setting: Setting<T>, given: unknown): readonly [T, readonly string[]] {
  const faults: string[] = [];
  const value = setting.read(given, (message) => void faults.push(message));
  return [value, faults];
}

Deno.test("a setting that nobody gives has its fallback, and is not read", () => {
  const setting = new Setting<string>(() => "read", "fallback");
  assertEquals([read(setting, undefined), setting.description], [["fallback", []], ""]);
  assertEquals(read(setting, null), ["read", []]);
});

Deno.test("`describe()` changes the description alone", () => {
  const plain = integer(1, 3, 2);
  const described = plain.describe("How many");
  assertEquals([plain.description, described.description], ["", "How many"]);
  assertEquals([read(described, "3"), described.fallback], [[3, []], 2]);
});

Deno.test("a text has at least one character, and loses the blanks at its ends", () => {
  const plain = text("fallback");
  assertEquals(read(plain, "  a b "), ["a b", []]);
  for (const given of ["", "  ", 5, null]) {
    assertEquals(read(plain, given), ["fallback", ["Expected at least 1 characters"]]);
  }
});

Deno.test("a text may keep its blanks, have a least length, a rule and words of its own", () => {
  const blanks = text(undefined, { min: 3, keepsBlanks: true });
  assertEquals(read(blanks, " a "), [" a ", []]);
  assertEquals(read(blanks, "  "), [undefined, ["Expected at least 3 characters"]]);
  const ruled = text("x", { min: 2, isAllowed: (each) => each !== "no", error: "Not no" });
  assertEquals(read(ruled, "yes"), ["yes", []]);
  for (const given of ["no", "y"]) assertEquals(read(ruled, given), ["x", ["Not no"]]);
});

Deno.test("a word is one of the allowed ones, in the same letters", () => {
  const word = oneOf(["one", "two"], "two");
  assertEquals([read(word, "one"), read(word, undefined)], [["one", []], ["two", []]]);
  const fault = 'Invalid option: expected one of "one"|"two"';
  for (const given of ["One", "", 1]) assertEquals(read(word, given), ["two", [fault]]);
});

Deno.test("yes and no are taken in the words of YAML and shells, in any letters", () => {
  for (const yes of ["true", "1", "yes", "on", "y", "enabled", "TRUE", "On", true, 1]) {
    assertEquals(read(boolean(false), yes), [true, []], String(yes));
  }
  for (const no of ["false", "0", "no", "off", "n", "disabled", "False", "OFF", false, 0]) {
    assertEquals(read(boolean(true), no), [false, []], String(no));
  }
  for (const fallback of [true, false]) {
    for (const given of ["", "ja", 2, null]) {
      const fault = "Invalid option: expected true or false";
      assertEquals(read(boolean(fallback), given), [fallback, [fault]]);
    }
  }
});

Deno.test("a list of names is a text with commas, one name, or a list, and each fault is told", () => {
  const list = nameList(["x"], (name) => name.length === 1, "a letter");
  assertEquals(read(list, " a,, b ,"), [["a", "b"], []]);
  assertEquals(read(list, ""), [[], []]);
  assertEquals(read(list, ["a", "b"]), [["a", "b"], []]);
  assertEquals(read(list, undefined), [["x"], []]);
  assertEquals(read(list, "a,bc,de")[1], ['"bc" is not a letter', '"de" is not a letter']);
  assertEquals(read(list, ["a", 1])[1], ["1 is not a letter"]);
  assertEquals(read(list, 7)[1], ["7 is not a letter"]);
});

Deno.test("the line of a fault shows the value, but neither a secret nor a password", () => {
  assertEquals(wrongSetting("PORT", "a", "Expected a number"), 'PORT="a": Expected a number');
  assertEquals(wrongSetting("PORT", null, "Expected a number"), "PORT=null: Expected a number");
  assertEquals(wrongSetting("TOKEN", undefined, "Too short"), "TOKEN: Too short");
  assertEquals(
    wrongSetting("URL", "redis://me:secret@a/b", "No such as redis://you@b"),
    'URL="redis://…@a/b": No such as redis://…@b',
  );
});

Deno.test("an unknown setting is told with the nearest known one, where there is one", () => {
  const known = ["MCP_TOOLS", "MCP_STORE"];
  assertEquals(
    unknownSetting("MCP_TOLS", known),
    "MCP_TOLS: unknown setting; did you mean MCP_TOOLS?",
  );
  assertEquals(unknownSetting("PATH", known), "PATH: unknown setting");
});
