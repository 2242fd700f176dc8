import { assertEquals } from "@std/assert";
import fc from "../deps/fast_check.ts";
import { decodeHeaderValue } from "../../lib/wire/mcp_headers.ts";

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
