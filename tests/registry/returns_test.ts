/** Returned values of prompts, resources and completers that are not JSON, or not a result. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import * as z from "zod";
import {
  definePrompt,
  defineResource,
  defineResourceTemplate,
  defineTool,
  ProtocolError,
} from "../../lib/mod.ts";
import { rpc, type TestApp, testApp, toolCall } from "../helpers/app.ts";
import { CapturedLog } from "../helpers/log.ts";
import { EventReader } from "../helpers/sse.ts";
import { TestSession } from "../helpers/session.ts";

// deno-lint-ignore no-explicit-any -- a test looks into whatever came
async function ask(app: TestApp, method: string, params: Record<string, unknown>): Promise<any> {
  const response = await app.post("/mcp", rpc(method, params), { accept: "application/json" });
  return await response.json();
}

Deno.test("a resource that holds what JSON cannot is -32603 with its URI and the member", async () => {
  using log = new CapturedLog();
  const contents = { uri: "x://a", text: "a", _meta: { size: 1n } };
  using app = testApp({
    resources: [defineResource({ uri: "x://a", name: "a", read: () => contents as never })],
  });
  const { error } = await ask(app, "resources/read", { uri: "x://a" });
  assertEquals(error, {
    code: -32603,
    message: "Resource x://a returned what JSON cannot hold: contents[0]._meta.size is a BigInt",
  });
  assertEquals(log.of("Wrong return value").length, 1);
});

Deno.test("a prompt that holds what JSON cannot is -32603 with its name and the member", async () => {
  const messages = [{ role: "user", content: { type: "text", text: "a", _meta: { at: NaN } } }];
  using app = testApp({
    prompts: [definePrompt({ name: "odd", run: () => messages as never })],
  });
  const { error } = await ask(app, "prompts/get", { name: "odd" });
  assertEquals([error.code, error.message], [
    -32603,
    "Prompt odd returned what JSON cannot hold: messages[0].content._meta.at is NaN",
  ]);
});

Deno.test("half a character in a text of a resource, a prompt or a completion becomes U+FFFD", async () => {
  const half = "a\ud83d";
  using app = testApp({
    resources: [defineResource({ uri: "x://a", name: "a", read: () => half })],
    prompts: [definePrompt({
      name: "half",
      arguments: z.object({ a: z.string().optional() }),
      complete: { a: () => [half] },
      run: () => half,
    })],
  });
  const read = await ask(app, "resources/read", { uri: "x://a" });
  assertEquals(read.result.contents[0].text, "a\ufffd");
  const got = await ask(app, "prompts/get", { name: "half" });
  assertEquals(got.result.messages[0].content.text, "a\ufffd");
  const ref = { type: "ref/prompt", name: "half" };
  const completed = await ask(app, "completion/complete", {
    ref,
    argument: { name: "a", value: "" },
  });
  assertEquals(completed.result.completion.values, ["a\ufffd"]);
});

for (
  const [name, values, says] of [
    ["a number", ["a", 1], /Completer of x:\/\/\{id\}, argument id, returned values\[1\]/],
    ["a BigInt", [1n], /returned values\[0\], which is not a string/],
    ["no list", "abc", /did not return a list of strings/],
  ] as const
) {
  Deno.test(`a completer that gives ${name} is -32603 with its template and argument`, async () => {
    const template = defineResourceTemplate({
      uriTemplate: "x://{id}",
      name: "x",
      complete: { id: () => values as never },
      read: () => "",
    });
    using app = testApp({ resourceTemplates: [template] });
    const { error } = await ask(app, "completion/complete", {
      ref: { type: "ref/resource", uri: "x://{id}" },
      argument: { name: "id", value: "" },
    });
    assertEquals(error.code, -32603);
    assertMatch(error.message, says);
  });
}

Deno.test("a protocol error whose data JSON cannot hold reaches the client without them", async () => {
  using log = new CapturedLog();
  const tool = defineTool({
    name: "odd",
    description: "Throws",
    run: () => {
      throw new ProtocolError("invalid_params", "No such file", { data: { size: 1n } });
    },
  });
  using app = testApp({ tools: [tool] });
  const response = await app.post("/mcp", toolCall("odd"), { accept: "application/json" });
  assertEquals((await response.json()).error, { code: -32602, message: "No such file" });
  const [line] = log.of("Data of an error cannot be written as JSON");
  assertStringIncludes(JSON.stringify(line?.fields), "data.size is a BigInt");
});

Deno.test("a subscriber hears of a resource under each URI that is equivalent to the one it named", async () => {
  using app = testApp();
  const session = await TestSession.open(app);
  await session.ask(rpc("resources/subscribe", { uri: "ACME://docs/x/../a" }, 5));
  const events = new EventReader(await session.listen());
  app.catalog.resourceUpdated("acme://Docs/a");
  app.catalog.resourceUpdated("acme://docs/A");
  // The first event has an id alone, to come back with.
  let json;
  while (json === undefined) json = (await events.next())?.json;
  assertEquals([json.method, json.params.uri], [
    "notifications/resources/updated",
    "acme://Docs/a",
  ]);
  await session.ask(rpc("resources/unsubscribe", { uri: "acme://docs/a" }, 6));
  await events.leave();
});

Deno.test("the stack of what a resource, a prompt or a completer throws is in the log, with its name", async () => {
  using log = new CapturedLog();
  const fail = (): never => {
    throw new Error("Cannot read", { cause: new Error("disk full") });
  };
  using app = testApp({
    resources: [defineResource({ uri: "x://a", name: "a", read: fail })],
    prompts: [definePrompt({ name: "p", arguments: z.object({ a: z.string() }), run: fail })],
  });
  await ask(app, "resources/read", { uri: "x://a" });
  await ask(app, "prompts/get", { name: "p", arguments: { a: "b" } });
  const lines = log.of("Request failed");
  assertEquals(lines.map(({ fields }) => [fields.method, fields.of, fields.error]), [
    ["resources/read", "x://a", "Cannot read"],
    ["prompts/get", "p", "Cannot read"],
  ]);
  for (const { fields } of lines) {
    assertMatch(
      String(fields.stack),
      /Error: Cannot read\n +at [^]*\nCaused by: Error: disk full\n +at /,
    );
  }
});

Deno.test("the arguments of a prompt are listed with title, description and whether they are needed", () => {
  const prompt = definePrompt({
    name: "p",
    arguments: z.object({
      code: z.string().describe("Code to review").meta({ title: "Code" }),
      style: z.string().optional(),
      checked: z.unknown().refine(() => Promise.resolve(true)),
    }),
    run: () => "",
  });
  assertEquals(prompt.listing.arguments as unknown, [
    { name: "code", title: "Code", description: "Code to review", required: true },
    { name: "style", required: false },
    { name: "checked", required: true },
  ]);
});

Deno.test("a completion refers to a template by its text, by an equivalent one, or by a URI", async () => {
  const template = defineResourceTemplate({
    uriTemplate: "acme://Docs/{id}",
    name: "docs",
    complete: { id: () => ["a", "b"] },
    read: () => "",
  });
  const fixed = defineResource({ uri: "acme://fixed/a", name: "fixed", read: () => "" });
  using app = testApp({ resources: [fixed], resourceTemplates: [template] });
  const complete = (uri: string) =>
    ask(app, "completion/complete", {
      ref: { type: "ref/resource", uri },
      argument: { name: "id", value: "" },
    });
  for (
    const uri of ["acme://Docs/{id}", "ACME://docs/{id}", "acme://Docs/7", "acme://docs/a%20b"]
  ) {
    assertEquals((await complete(uri)).result.completion.values, ["a", "b"], uri);
  }
  assertEquals((await complete("ACME://fixed/a")).result.completion.values, []);
  assertEquals((await complete("acme://other/1")).error.code, -32602);
});
