/** The words for a body that is no JSON, which tell where it stops being JSON. */
import { assertEquals } from "@std/assert";
import { emptyBodyError, invalidJsonError } from "../../lib/wire/parse_errors.ts";

const START = "Parse error: the body is not valid JSON";
const MARK = ": it begins with a byte order mark (U+FEFF); send UTF-8 without one (RFC 8259, 8.1)";

function errorOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return error;
  }
}

for (
  const [text, place, withoutLength = place] of [
    ["{", " at character 2"],
    ['{"a":', " after character 5: something is missing", ": something is missing"],
    ["[1", " at character 3"],
    ["'{}'", ` at "'"`],
    ["ä", ' at "ä"'],
    ["\ufeff{}", MARK],
    ["{\ufeff}", " at character 2"],
  ] as const
) {
  Deno.test(`the error of ${JSON.stringify(text)} tells${place}`, () => {
    const error = errorOf(text);
    const told = [invalidJsonError(error, text.length), invalidJsonError(error)];
    assertEquals(told.map(({ kind }) => kind), ["parse_error", "parse_error"]);
    assertEquals(told.map(({ message }) => message), [START + place, START + withoutLength]);
  });
}

Deno.test("an error without a place tells none, and nothing of its own words", () => {
  for (const error of [new Error("secret"), undefined, "secret"]) {
    assertEquals(invalidJsonError(error, 3).message, START);
  }
});

Deno.test("an empty body is told as such", () => {
  const { kind, message } = emptyBodyError();
  assertEquals([kind, message], [
    "parse_error",
    "Parse error: the body is empty, expected a JSON-RPC message",
  ]);
});
