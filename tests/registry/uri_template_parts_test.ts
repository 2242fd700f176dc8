/** The division of a text among the parts of a template, compared with a regular expression. */
import { assertEquals } from "@std/assert";
import fc from "../deps/fast_check.ts";
import { UriExpression } from "../../lib/registry/uri_expression.ts";
import {
  matchParts,
  type TemplatePart,
  templateParts,
} from "../../lib/registry/uri_template_parts.ts";

const escaped = (text: string) => text.replaceAll(/[^A-Za-z0-9]/g, (one) => `\\${one}`);

/** A part as a regular expression; slow on long texts, where a client could choose the text. */
function modelOf(part: TemplatePart, isLenient: boolean): string {
  if (!(part instanceof UriExpression)) {
    const inAnyCase = (letter: string) => `[${letter.toLowerCase()}${letter.toUpperCase()}]`;
    const source = escaped(part.text);
    return part.ignoresCase ? source.replaceAll(/[A-Za-z]/g, inAnyCase) : source;
  }
  const codes = [...part.characters(isLenient).entries()].filter(([, allowed]) => allowed === 1);
  const own = codes.map(([code]) => escaped(String.fromCharCode(code))).join("");
  // An escape may be a byte within a character, which counts only once.
  const within = "(?:%[89AB][0-9A-F])*";
  const most = part.maxLength === undefined ? "*" : `{0,${part.maxLength}}`;
  const value = `${within}(?:(?:[${own}]|%[0-7C-F][0-9A-F])${within})${most}`;
  return part.prefixes === "" ? value : `(?:[${escaped(part.prefixes)}]${value})?`;
}

function matchModel(parts: readonly TemplatePart[], text: string, isLenient: boolean) {
  const source = parts.map((part) => `(${modelOf(part, isLenient)})`).join("");
  return new RegExp(`^${source}$`).exec(text)?.slice(1);
}

const STARTS = ["x:", "Ab://", "Ab://{a}", "{+base}", "{a}", "urn:Ab:"];
const TOKENS = ["a", "B", "/", ".", "?", "&", ";"];
const EXPRESSIONS = [
  ...["{a}", "{b:1}", "{c:2}", "{+d}", "{#e}", "{.f}", "{/g}", "{/h*}"],
  ...["{;i}", "{?j,k}", "{&l}", "{m*}"],
];
const TEXTS = ["a", "b", "B", "/", ".", "?", "&", ";", "=", ",", "#", ":", "@", "%41"];

Deno.test("property: each part of a template takes what a greedy regular expression gives it", () => {
  const template = fc.tuple(
    fc.constantFrom(...STARTS),
    fc.array(fc.constantFrom(...TOKENS, ...EXPRESSIONS), { maxLength: 5 }),
  ).map(([start, tokens]) => start + tokens.join(""));
  const text = fc.tuple(
    fc.constantFrom("", "x:", "X:", "ab://", "AB://a", "urn:aB:"),
    fc.array(fc.constantFrom(...TEXTS, "%C3%9F", "%E2%82%AC"), { maxLength: 7 }),
  ).map(([start, pieces]) => start + pieces.join(""));
  let matches = 0;
  fc.assert(
    fc.property(template, text, fc.boolean(), (template, text, isLenient) => {
      const parts = templateParts(template);
      if (typeof parts === "string") throw new Error(`${template} ${parts}`);
      const texts = matchParts(parts, text, isLenient);
      if (texts !== undefined) matches++;
      assertEquals(texts, matchModel(parts, text, isLenient), `${template} and ${text}`);
    }),
    { numRuns: 3_000, seed: 1 },
  );
  assertEquals(matches > 200, true, `${matches} matches`);
});

for (
  const [template, parts] of [
    ["x:{a}", ["x:", "{a}"]],
    ["HTTPS://Example.com/Path{a}Z", ["HTTPS://Example.com", "/Path", "{a}", "Z"]],
    ["x://h{?a}{&b}{#c}", ["x://h", "{?}", "{#}"]],
    ["x://h/{a}{b}", ["x://h", "/", "{}", "{}"]],
    ["urn:Isbn:A{a}", ["urn:Isbn", ":A", "{}"]],
  ] as const
) {
  Deno.test(`${template} has ${parts.length} parts, and ${parts[0]} is equal in any case`, () => {
    const found = templateParts(template);
    if (typeof found === "string") throw new Error(found);
    const shown = found.map((part) =>
      part instanceof UriExpression ? `{${part.operator}}` : part.text
    );
    assertEquals(shown, parts.map((part) => part.replace("{a}", "{}")));
    const caseless = found.map((part) => !(part instanceof UriExpression) && part.ignoresCase);
    assertEquals(caseless, parts.map((_, index) => index === 0));
  });
}
