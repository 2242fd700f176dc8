import { assertEquals } from "@std/assert";
import fc from "../deps/fast_check.ts";
import {
  decodeHeaderValue,
  encodeHeaderValue,
  sameHeaderValue,
} from "../../lib/wire/mcp_headers.ts";

const ENCODER = new TextEncoder();

Deno.test("`decodeHeaderValue()` gives back any text that was encoded in base64", () => {
  const givesBack = (text: string) =>
    assertEquals(decodeHeaderValue(`=?base64?${ENCODER.encode(text).toBase64()}?=`), text);

  givesBack("\uFEFFbyte order mark");
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), givesBack));
});

Deno.test.each([
  { fault: "padding is missing", header: "=?base64?SGVsbG8?=" },
  { fault: "padding is too long", header: "=?base64?SGVsbG8==?=" },
  { fault: "bits beyond the last byte are set", header: "=?base64?SGVsbG9=?=" },
  { fault: "a character is not of the alphabet", header: "=?base64?SGVs!!!bG8=?=" },
  { fault: "a space stands between", header: "=?base64?SGVs bG8=?=" },
  { fault: "bytes are not UTF-8", header: "=?base64?/w==?=" },
])("`decodeHeaderValue()` refuses base64 when $fault", ({ header }) => {
  assertEquals(decodeHeaderValue(header), undefined);
});

Deno.test.each([
  { what: "without the prefix", header: "SGVsbG8=" },
  { what: "without the suffix", header: "=?base64?SGVsbG8=" },
  { what: "with the prefix in capitals", header: "=?BASE64?SGVsbG8=?=" },
  { what: "of plain text", header: "us-west1" },
])("`decodeHeaderValue()` takes a value $what as it stands", ({ header }) => {
  assertEquals(decodeHeaderValue(header), header);
});

for (
  const [text, header] of [
    ["", ""],
    ["a", "a"],
    ["~!", "~!"],
    ["us west 1", "us west 1"],
    [" a", "=?base64?IGE=?="],
    ["a ", "=?base64?YSA=?="],
    [" ", "=?base64?IA==?="],
    ["a\tb", "=?base64?YQli?="],
    ["a\nb", "=?base64?YQpi?="],
    ["ä", "=?base64?w6Q=?="],
    ["\x7f", "=?base64?fw==?="],
    ["=?base64?YQ==?=", "=?base64?PT9iYXNlNjQ/WVE9PT89?="],
    ["=?base64?!?=", "=?base64?!?="],
  ] as const
) {
  Deno.test(`${JSON.stringify(text)} is ${JSON.stringify(header)} as the value of a header`, () => {
    assertEquals(encodeHeaderValue(text), header);
    if (header !== "=?base64?!?=") assertEquals(decodeHeaderValue(header), text);
  });
}

for (
  const [header, value, isSame] of [
    ["a", "a", true],
    ["a", "A", false],
    ["1", "1", true],
    ["01", "1", false],
    ["true", true, true],
    ["True", true, false],
    ["false", false, true],
    ["7", 7, true],
    ["-7", -7, true],
    ["007", 7, true],
    ["7.0", 7, true],
    ["7.5", 7.5, true],
    ["7", 8, false],
    ["", 0, false],
    [" 7", 7, false],
    ["7 ", 7, false],
    ["7e0", 7, false],
    ["0x7", 7, false],
    ["+7", 7, false],
    [".5", 0.5, false],
    ["7.", 7, false],
  ] as const
) {
  Deno.test(`the header ${JSON.stringify(header)} is ${isSame ? "" : "not "}the same as ${JSON.stringify(value)}`, () => {
    assertEquals(sameHeaderValue(header, value), isSame);
  });
}

Deno.test("a header with a character that is not visible ASCII has no value", () => {
  for (const header of ["ä", "a\u0000", "\x7f"]) {
    assertEquals(decodeHeaderValue(header), undefined);
  }
  assertEquals(decodeHeaderValue("a\tb c~"), "a\tb c~");
});
