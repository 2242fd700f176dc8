import { assertEquals } from "@std/assert";
import {
  contentError,
  messageError,
  resourceError,
  resultError,
} from "../../lib/registry/content.ts";
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
    ["AAA!", false],
    ["AA!=", false],
    ["A!==", false],
    ["AAAA=", false],
    [1, false],
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
    [{ type: "resource", resource: { uri: "x://a", blob: "AA==" } }, undefined],
    [{ type: "resource", resource: { uri: "a", text: "" } }, "holds a resource without a URI"],
    [{ type: "resource" }, "holds no resource"],
    [{ type: "text", text: 1 }, "has no text"],
    [{ type: "video" }, 'has the type "video", which the protocol does not know'],
    [null, "is not a content block"],
  ] as const
) {
  Deno.test(`content ${JSON.stringify(block)} ${error ?? "is right"}`, () => {
    assertEquals(contentError(block), error);
  });
}

const NEITHER = "holds a resource with neither text nor a base64 blob";

for (
  const [resource, error] of [
    [{ uri: "x://a", text: "" }, undefined],
    [{ uri: "x://a", blob: "" }, undefined],
    [{ uri: "x://a" }, NEITHER],
    [{ uri: "x://a", blob: "A" }, NEITHER],
    [{ uri: 1, text: "" }, "holds a resource without a URI"],
    [{ uri: "a b", text: "" }, "holds a resource without a URI"],
    ["x://a", "holds no resource"],
  ] as const
) {
  Deno.test(`contents ${JSON.stringify(resource)} ${error ?? "are right"}`, () => {
    assertEquals(resourceError(resource), error);
  });
}

const TEXT = { type: "text", text: "a" };
const WRONG_ROLE = 'has a role other than "user" or "assistant"';

for (
  const [message, error] of [
    [{ role: "user", content: TEXT }, undefined],
    [{ role: "assistant", content: TEXT }, undefined],
    [{ role: "system", content: TEXT }, WRONG_ROLE],
    [{ content: TEXT }, WRONG_ROLE],
    [{ role: "user", content: { type: "text" } }, "has content that has no text"],
    [
      { role: "user", content: { type: "resource", resource: { uri: "x://a", text: "" } } },
      "holds a resource without a MIME type",
    ],
    [
      {
        role: "user",
        content: { type: "resource", resource: { uri: "x://a", text: "", mimeType: "text/plain" } },
      },
      undefined,
    ],
    ["hello", "is no message"],
  ] as const
) {
  Deno.test(`message ${JSON.stringify(message)} ${error ?? "is right"}`, () => {
    assertEquals(messageError(message), error);
  });
}

for (
  const [method, member, right, error] of [
    ["tools/call", "content", TEXT, "is not a content block"],
    ["resources/read", "contents", { uri: "x://a", text: "" }, "holds no resource"],
    ["prompts/get", "messages", { role: "user", content: TEXT }, "is no message"],
    ["tools/list", "tools", { name: "a" }, "has no name"],
    ["resources/list", "resources", { name: "a" }, "has no name"],
    ["resources/templates/list", "resourceTemplates", { name: "a" }, "has no name"],
    ["prompts/list", "prompts", { name: "a" }, "has no name"],
  ] as const
) {
  Deno.test(`a result of ${method} has a list of ${member}, and the first that is wrong is named`, () => {
    const of = (value: unknown) => resultError(method, { [member]: value });
    assertEquals([of([]), of([right]), of([right, right])], [undefined, undefined, undefined]);
    assertEquals([of([null]), of([right, 1, null])], [
      `${member}[0] ${error}`,
      `${member}[1] ${error}`,
    ]);
    for (const wrong of [undefined, null, {}, "a"]) {
      assertEquals(of(wrong), `its "${member}" is not a list`);
    }
  });
}

Deno.test("an entry of a list has a name that is a text", () => {
  assertEquals(resultError("tools/list", { tools: [{ name: 1 }] }), "tools[0] has no name");
  assertEquals(resultError("tools/list", { tools: [{}] }), "tools[0] has no name");
});

Deno.test("a result of a method without a list is right, whatever it is", () => {
  for (const method of ["ping", "server/discover", "content", "constructor"]) {
    assertEquals(resultError(method, {}), undefined);
  }
});

Deno.test("a completion has values, and the answer to initialize what clients read of it", () => {
  assertEquals(resultError("completion/complete", { completion: { values: [] } }), undefined);
  for (const wrong of [{}, { completion: [] }, { completion: { values: "a" } }]) {
    const says = 'its "completion" has no list of values';
    assertEquals(resultError("completion/complete", wrong), says);
  }
  const serverInfo = { name: "n", version: "1" };
  const right = { protocolVersion: "2025-11-25", capabilities: {}, serverInfo };
  assertEquals(resultError("initialize", right), undefined);
  for (
    const [wrong, says] of [
      [{ protocolVersion: 1 }, 'its "protocolVersion" is not a text'],
      [{ capabilities: undefined }, 'its "capabilities" are not an object'],
      [{ serverInfo: "n" }, 'its "serverInfo" has no name and version'],
      [{ serverInfo: { name: "n" } }, 'its "serverInfo" has no name and version'],
      [{ serverInfo: { version: "1" } }, 'its "serverInfo" has no name and version'],
    ] as const
  ) assertEquals(resultError("initialize", { ...right, ...wrong }), says);
});

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
      "http://h:65536/",
    ]
  ) assertEquals(isUri(wrong), false);
  for (const right of ["x:y", "X+1.-:y", "urn:a:b"]) assertEquals(isUri(right), true);
  for (const wrong of [":x{a}", "1x:{a}", "x y:{a}"]) assertEquals(hasUriScheme(wrong), false);
  for (const right of ["x:{a}", "{+base}/a", "x{a}:b"]) assertEquals(hasUriScheme(right), true);
});

for (
  const [block, error] of [
    [{ type: "text", text: "a", annotations: { priority: 0.5, audience: ["user"] } }, undefined],
    [{ type: "text", text: "a", _meta: {} }, undefined],
    [
      { type: "text", text: "a", annotations: { priority: 7 } },
      "has a wrong member: annotations.priority must be a number from 0 to 1, not 7",
    ],
    [{ type: "text", text: "a", _meta: 5 }, "has a wrong member: _meta must be an object, not 5"],
    [
      { type: "resource_link", uri: "x://a", name: "a", icons: "x" },
      'has a wrong member: icons must be a list, not "x"',
    ],
  ] as const
) {
  Deno.test(`optional members of content: ${error ?? JSON.stringify(block)}`, () => {
    assertEquals(contentError(block), error);
    assertEquals(resultError("tools/call", { content: [block] }), error && `content[0] ${error}`);
  });
}

Deno.test("members beside the content of a tool's result have the protocol's types", () => {
  const of = (members: object) => resultError("tools/call", { content: [], ...members });
  assertEquals([of({ isError: true }), of({ _meta: {} }), of({})], [
    undefined,
    undefined,
    undefined,
  ]);
  assertEquals(of({ isError: "yes" }), 'its isError must be true or false, not "yes"');
  assertEquals(of({ _meta: "x" }), 'its _meta must be an object, not "x"');
  const prompt = (members: object) => resultError("prompts/get", { messages: [], ...members });
  assertEquals(prompt({ description: "a" }), undefined);
  assertEquals(prompt({ description: 5 }), "its description must be a text, not 5");
  const resource = (members: object) => resourceError({ uri: "x://a", text: "", ...members });
  assertEquals(resource({ mimeType: "text/plain", _meta: {} }), undefined);
  assertEquals(
    resource({ mimeType: 5 }),
    "holds a resource with a wrong member: mimeType must be a text, not 5",
  );
});
