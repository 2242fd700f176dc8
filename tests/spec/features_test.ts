import { assert, assertEquals, assertThrows } from "@std/assert";
import { RegistrationError } from "../../lib/base/errors.ts";
import { definePrompt } from "../../lib/registry/prompt.ts";
import { defineResource, defineResourceTemplate } from "../../lib/registry/resource.ts";
import { eachRevision } from "./support/each_revision.ts";
import { BASE64, BYTES, CITIES, specApp } from "./support/fixtures.ts";
import { connect, type LegacyClient } from "./support/legacy_client.ts";

Deno.test("images and audio in a prompt arrive as base64 with their MIME type", async (t) => {
  await eachRevision(t, {}, async (_app, client) => {
    const [image, audio] = await mediaOf(client);
    assertEquals(image, { type: "image", data: BASE64, mimeType: "image/png" });
    assertEquals(audio, { type: "audio", data: BASE64, mimeType: "audio/wav" });
  });
});

Deno.test("a resource in a prompt carries URI, MIME type, and text or blob", async (t) => {
  await eachRevision(t, {}, async (_app, client) => {
    const [, , text, bytes] = await mediaOf(client);
    assertEquals(text?.resource, { uri: "test://text", mimeType: "text/plain", text: "words" });
    const mimeType = "application/octet-stream";
    assertEquals(bytes?.resource, { uri: "test://bytes", mimeType, blob: BASE64 });
  });
});

Deno.test("prompts/get refuses an unknown prompt and wrong arguments", async (t) => {
  const wrong = [
    {},
    { name: 7 },
    { name: "missing" },
    { name: "toString" },
    { name: "travel" },
    { name: "travel", arguments: { city: 7 } },
    { name: "travel", arguments: ["Ulm"] },
    { name: "travel", arguments: null },
  ];
  await eachRevision(t, {}, async (_app, client) => {
    for (const params of wrong) {
      const { error } = await client.request("prompts/get", params);
      assertEquals(error?.code, -32602, JSON.stringify(params));
    }
  });
});

Deno.test("a prompt whose result is not a prompt result is an internal error", async (t) => {
  const wrong = [
    undefined,
    7,
    [{ role: "system", content: { type: "text", text: "x" } }],
    [{ role: "user", content: { type: "image", data: "not base64!", mimeType: "image/png" } }],
    [{ role: "user", content: { type: "audio", data: BASE64 } }],
    [{ role: "user", content: { type: "resource", resource: { text: "no URI" } } }],
    { messages: "none" },
  ];
  await eachRevision(t, {}, async (app, client) => {
    for (const [index, result] of wrong.entries()) {
      const name = `wrong_${index}`;
      app.catalog.prompts.add(definePrompt({ name, run: () => result as never }));
      const { error } = await client.request("prompts/get", { name });
      assertEquals(error, { code: -32603, message: "Internal error" }, JSON.stringify(result));
    }
  });
});

Deno.test("resources/read refuses what is no URI and what is not served", async (t) => {
  await eachRevision(t, {}, async (_app, client) => {
    for (const uri of [undefined, null, 7, ["test://text"], {}]) {
      const { error } = await client.request("resources/read", { uri });
      assertEquals(error.code, -32602, JSON.stringify(uri));
    }
    for (const uri of ["", "text", "test://missing", "toString", "file:///etc/passwd"]) {
      const { error } = await client.request("resources/read", { uri });
      assertEquals([error.code, error.data], [-32002, { uri }], uri);
    }
  });
});

Deno.test("a binary resource arrives as a base64 blob, byte for byte", async (t) => {
  await eachRevision(t, {}, async (_app, client) => {
    const { result } = await client.request("resources/read", { uri: "test://bytes" });
    const [{ uri, blob }] = result.contents;
    assertEquals([uri, Uint8Array.fromBase64(blob)], ["test://bytes", BYTES]);
  });
});

Deno.test("a text resource arrives as text, a binary one never does", async (t) => {
  await eachRevision(t, {}, async (_app, client) => {
    const text = await client.request("resources/read", { uri: "test://text" });
    const bytes = await client.request("resources/read", { uri: "test://bytes" });
    assertEquals(text.result.contents[0].text, "Grüße\nzwei");
    assertEquals(["blob" in text.result.contents[0], "text" in bytes.result.contents[0]], [
      false,
      false,
    ]);
  });
});

Deno.test("a resource whose contents are none is an internal error", async () => {
  const wrong = [
    undefined,
    7,
    { text: "no URI" },
    { uri: "test://x" },
    { uri: "test://x", blob: "not base64!" },
    { uri: "test://x", blob: BYTES },
    [{ uri: "test://x", text: "x" }, { uri: "no scheme", text: "x" }],
  ];
  using app = specApp();
  for (const [index, contents] of wrong.entries()) {
    const uri = `wrong:${index}`;
    app.catalog.resources.add(defineResource({ uri, name: uri, read: () => contents as never }));
  }
  await using client = await connect(app);
  for (const index of wrong.keys()) {
    const { error } = await client.request("resources/read", { uri: `wrong:${index}` });
    assertEquals([index, error?.code, error?.message], [index, -32603, "Internal error"]);
  }
});

Deno.test("a resource whose URI breaks RFC 3986 cannot be served", () => {
  const wrong = [
    "",
    "no-scheme",
    "/path",
    "1st://x",
    "my scheme://x",
    "note:with space",
    "note:ü",
    "note:100%",
    "note:<a>",
    "note:a\nb",
    "ünote://x",
  ];
  for (const uri of wrong) {
    assertThrows(
      () => defineResource({ uri, name: "wrong", read: () => "" }),
      RegistrationError,
      JSON.stringify(uri),
    );
  }
  for (const uri of ["note:a", "x-my.notes+v1://a/b?c=d#e", "urn:isbn:0451450523", "note:%C3%BC"]) {
    assertEquals(defineResource({ uri, name: "right", read: () => "" }).listing.uri, uri);
  }
});

Deno.test("a template whose scheme breaks RFC 3986 cannot be served", () => {
  for (const uriTemplate of ["1st://{x}", "my scheme://{x}", "ü://{x}", "a_b:{x}"]) {
    assertThrows(
      () => defineResourceTemplate({ uriTemplate, name: "wrong", read: () => "" }),
      RegistrationError,
      "Cannot serve",
    );
  }
  for (const uriTemplate of ["note:{x}", "{scheme}://x", "x-my.notes+v1://{x}", "{+uri}"]) {
    defineResourceTemplate({ uriTemplate, name: "right", read: () => "" });
  }
});

Deno.test("completion/complete refuses malformed and unknown references", async (t) => {
  const argument = { name: "city", value: "city-1" };
  const prompt = { type: "ref/prompt", name: "travel" };
  const wrong = [
    {},
    { ref: prompt },
    { argument },
    { ref: prompt, argument: { name: "city" } },
    { ref: prompt, argument: { name: 7, value: "" } },
    { ref: prompt, argument: "city" },
    { ref: "travel", argument },
    { ref: { type: "ref/tool", name: "echo" }, argument },
    { ref: { type: "ref/prompt", name: "missing" }, argument },
    { ref: { type: "ref/prompt", name: "toString" }, argument },
    { ref: { type: "ref/resource", uri: "test://missing/{x}" }, argument },
  ];
  await eachRevision(t, {}, async (_app, client) => {
    for (const params of wrong) {
      const { error } = await client.request("completion/complete", params);
      assertEquals(error?.code, -32602, JSON.stringify(params));
    }
  });
});

Deno.test("an argument without a completer has no suggestions", async (t) => {
  await eachRevision(t, {}, async (_app, client) => {
    for (const name of ["secret", "missing", "toString", "constructor", "__proto__"]) {
      assertEquals(await completed(client, name, ""), { values: [], total: 0, hasMore: false });
    }
  });
});

Deno.test("completion gives at most 100 values and tells that there are more", async (t) => {
  await eachRevision(t, {}, async (_app, client) => {
    const many = await completed(client, "city", "");
    assertEquals(many, { values: CITIES.slice(0, 100), total: CITIES.length, hasMore: true });
    const few = await completed(client, "city", "city-12");
    assert(few.values.length > 1 && few.values.length < 100);
    assertEquals([few.total, few.hasMore], [few.values.length, false]);
  });
});

async function mediaOf(client: LegacyClient) {
  const { result } = await client.request("prompts/get", { name: "media" });
  // deno-lint-ignore no-explicit-any -- content of any kind
  return result.messages.map((message: any) => message.content);
}

async function completed(client: LegacyClient, name: string, value: string) {
  const { result } = await client.request("completion/complete", {
    ref: { type: "ref/prompt", name: "travel" },
    argument: { name, value },
  });
  return result.completion;
}
