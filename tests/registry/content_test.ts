import { assertEquals } from "@std/assert";
import { contentError } from "../../lib/registry/content.ts";
import { hasUriScheme, isUri } from "../../lib/registry/uri.ts";

for (
  const [data, isRight] of [
    ["", true],
    ["AAAA", true],
    ["AAA=", true],
    ["AA==", true],
    ["+/9a", true],
    ["AAA", false],
    ["A===", false],
    ["====", false],
    ["!AAA", false],
    ["AA=A", false],
    ["AA\nA", false],
    ["-_AA", false],
  ] as const
) {
  Deno.test(`${JSON.stringify(data)} is ${isRight ? "" : "not "}base64`, () => {
    const error = contentError({ type: "image", data, mimeType: "image/png" });
    assertEquals(error, isRight ? undefined : "has data that is not base64");
  });
}

for (
  const [block, error] of [
    [{ type: "resource_link", uri: "x://a", name: "a" }, undefined],
    [{ type: "resource_link", uri: "x://a" }, "has no name"],
    [{ type: "resource_link", uri: ":x", name: "a" }, "has no URI"],
    [{ type: "resource_link", uri: "x://a b", name: "a" }, "has no URI"],
    [{ type: "audio", data: "AAAA", mimeType: "audio/wav; codecs=1" }, undefined],
    [{ type: "audio", data: "AAAA", mimeType: "/wav" }, "has no MIME type"],
    [{ type: "resource", resource: { uri: "x://a", text: "" } }, undefined],
    [null, "is no content"],
  ] as const
) {
  Deno.test(`content ${JSON.stringify(block)} ${error ?? "is right"}`, () => {
    assertEquals(contentError(block), error);
  });
}

Deno.test("a URI and a template begin with a scheme, which begins with a letter", () => {
  for (
    const wrong of [
      ":x",
      "1x:y",
      "-x:y",
      "x y:z",
      "x",
      "",
      "x://h/a b",
      "x://h/ä",
      "x:%zz",
      "x:#a#b",
    ]
  ) assertEquals(isUri(wrong), false);
  for (const right of ["x:y", "X+1.-:y", "urn:a:b"]) assertEquals(isUri(right), true);
  for (const wrong of [":x{a}", "1x:{a}", "x y:{a}"]) assertEquals(hasUriScheme(wrong), false);
  for (const right of ["x:{a}", "{+base}/a", "x{a}:b"]) assertEquals(hasUriScheme(right), true);
});
