/** What prompts and resources need where they are defined, and what they give when they are used. */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import * as z from "zod";
import {
  definePrompt,
  defineResource,
  defineResourceTemplate,
  defineTool,
  RegistrationError,
  type ToolContext,
} from "../../lib/mod.ts";

const ctx = {} as ToolContext;
const read = () => "";
const user = (text: string) => ({ role: "user", content: { type: "text", text } });

function refusal(define: () => unknown): string {
  return assertThrows(define, RegistrationError).message;
}

Deno.test("a prompt without a name or a function is refused, in words", () => {
  for (const name of ["", undefined, null, 1]) {
    const message = refusal(() => definePrompt({ name: name as string, run: read }));
    assertEquals(message, "Cannot serve a prompt without a name");
  }
  assertEquals(
    refusal(() => definePrompt({ name: "p", run: "run" as never })),
    'Cannot serve prompt "p": it has no run function',
  );
});

Deno.test("a resource without a URI or a function is refused, in words", () => {
  for (const uri of ["", "a", "x://a b", undefined, 1]) {
    assertEquals(
      refusal(() => defineResource({ uri: uri as string, name: "r", read })),
      `Cannot serve resource "r": ${JSON.stringify(uri)} is not an absolute URI`,
    );
  }
  const none = undefined as never;
  assertEquals(
    refusal(() => defineResource({ uri: "x://a", name: "r", read: none })),
    'Cannot serve resource "r": it has no read function',
  );
  assertEquals(
    refusal(() => defineResourceTemplate({ uriTemplate: "x://{a}", name: "r", read: none })),
    'Cannot serve resource template "r": it has no read function',
  );
});

for (
  const [what, returned, messages] of [
    ["a text", "hello", [user("hello")]],
    ["half a character", "a\ud83d", [user("a\ufffd")]],
    ["a list of messages", [user("a"), user("b")], [user("a"), user("b")]],
    ["an empty list", [], []],
  ] as const
) {
  Deno.test(`a prompt that gives ${what}, at once or later, has its description beside the messages`, async () => {
    for (const run of [() => returned, () => Promise.resolve(returned)]) {
      const plain = definePrompt({ name: "p", run: run as never });
      const described = definePrompt({ name: "p", description: "Words", run: run as never });
      assertEquals(await plain.get({}, ctx), { messages } as never);
      assertEquals(await described.get({}, ctx), { description: "Words", messages } as never);
    }
  });
}

Deno.test("a prompt that gives a result in full keeps the description of that result", async () => {
  const full = { description: "Own", messages: [user("a")], _meta: { a: 1 } };
  const prompt = definePrompt({ name: "p", description: "Words", run: () => full as never });
  assertEquals(await prompt.get({}, ctx), full as never);
});

for (const returned of [undefined, null, 1, {}, { messages: "a" }]) {
  Deno.test(`a prompt that gives ${JSON.stringify(returned)} fails, with its name`, async () => {
    const prompt = definePrompt({ name: "p", run: () => returned as never });
    const error = await assertRejects(async () => await prompt.get({}, ctx), TypeError);
    assertEquals(error.message, "Prompt p returned neither text nor messages");
  });
}

Deno.test("a wrong message of a prompt is named by its place", async () => {
  const prompt = definePrompt({ name: "p", run: () => [user("a"), { role: "user" }] as never });
  const error = await assertRejects(async () => await prompt.get({}, ctx), TypeError);
  assertEquals(error.message, "Message of prompt p [1] has content that is not a content block");
});

const contents = { uri: "x://a", blob: "AA==", mimeType: "image/png" };

for (
  const [what, returned, plain, typed] of [
    ["a text", "hello", { text: "hello" }, { text: "hello", mimeType: "text/x" }],
    ["bytes", new Uint8Array([0]), { blob: "AA==" }, { blob: "AA==", mimeType: "text/x" }],
    ["contents", contents, contents, contents],
    ["a list of contents", [contents], contents, contents],
  ] as const
) {
  Deno.test(`a resource and a template that give ${what} have its URI, and a MIME type if they name one`, async () => {
    for (const give of [() => returned, () => Promise.resolve(returned)]) {
      const both = async (more: { readonly mimeType?: string }) => {
        const rest = { name: "r", read: give as never, ...more };
        const resource = defineResource({ uri: "x://a", ...rest });
        const template = defineResourceTemplate({ uriTemplate: "x://{a}", ...rest });
        return [await resource.read("x://a", ctx), await template.read("x://a", ctx)];
      };
      const result = (item: object) => ({ contents: [{ uri: "x://a", ...item }] }) as never;
      assertEquals(await both({}), [result(plain), result(plain)]);
      assertEquals(await both({ mimeType: "text/x" }), [result(typed), result(typed)]);
    }
  });
}

Deno.test("a template reads no URI but its own", async () => {
  const uris: string[] = [];
  const template = defineResourceTemplate({
    uriTemplate: "x://s/{a}",
    name: "r",
    read: ({ a }, _ctx, uri) => {
      uris.push(`${uri} ${a}`);
      return "";
    },
  });
  assertEquals(await template.read("x://t/1", ctx), undefined);
  assertEquals([template.matches("x://t/1"), template.matches("x://s/1")], [false, true]);
  await template.read("x://s/1", ctx);
  assertEquals(uris, ["x://s/1 1"]);
});

Deno.test("a feature that names no scopes, tags or switch is open, on and without tags", () => {
  const tool = defineTool({
    name: "t",
    description: "Does something",
    input: z.object({}),
    run: () => "",
  });
  const { scopes, isListedForAll, tags, enabled, timeoutMs } = tool;
  assertEquals({ scopes, isListedForAll, tags, enabled, timeoutMs }, {
    scopes: [],
    isListedForAll: false,
    tags: [],
    enabled: true,
    timeoutMs: undefined,
  });
});
