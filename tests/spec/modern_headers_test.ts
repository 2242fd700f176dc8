import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import * as z from "zod";
import { RegistrationError } from "../../lib/base/errors.ts";
import { defineResource } from "../../lib/registry/resource.ts";
import { definePrompt } from "../../lib/registry/prompt.ts";
import { defineTool } from "../../lib/registry/tool.ts";
import { type SpecApp, specApp } from "./support/fixtures.ts";
import type { Message } from "./support/inbox.ts";
import { base64Value, mirrorHeaders, modernBody, modernPost } from "./support/modern.ts";

const ECHO = { name: "echo", arguments: { message: "x" } };
const REGION = z.string().meta({ "x-mcp-header": "Region" });

Deno.test("2026-07-28: headers that differ from the body are refused with 400 and -32020", async () => {
  using app = specApp();
  const differing = [
    { "mcp-protocol-version": "2025-11-25" },
    { "mcp-protocol-version": "2026-07-29" },
    { "mcp-method": "tools/list" },
    { "mcp-method": "" },
    { "mcp-name": "add" },
    { "mcp-name": "" },
    { "mcp-name": "=?base64?YWRk?=" },
    { "mcp-name": "=?base64?***?=" },
  ];
  for (const headers of differing) await assertMismatch(app, ECHO, headers);
  await assertMismatch(
    app,
    { uri: "test://text" },
    { "mcp-name": "test://bytes" },
    "resources/read",
  );
  await assertMismatch(app, { name: "media" }, { "mcp-name": "travel" }, "prompts/get");
});

Deno.test("2026-07-28: a request without a required header is refused with 400 and -32020", async () => {
  using app = specApp();
  for (const header of ["mcp-protocol-version", "mcp-method", "mcp-name"]) {
    await assertMismatch(app, ECHO, { [header]: null });
  }
  for (const header of ["mcp-protocol-version", "mcp-method"]) {
    await assertMismatch(app, {}, { [header]: null }, "tools/list");
  }
  await assertMismatch(app, { uri: "test://text" }, { "mcp-name": null }, "resources/read");
  await assertMismatch(app, { name: "media" }, { "mcp-name": null }, "prompts/get");
});

Deno.test("2026-07-28: header names are matched in any case, their values exactly", async () => {
  using app = specApp();
  const body = modernBody("tools/call", ECHO);
  const headers = Object.entries(mirrorHeaders(body));
  for (const change of [(text: string) => text.toUpperCase(), titled]) {
    const renamed = headers.map(([name, value]): [string, string] => [change(name), value]);
    const init = { method: "POST", headers: renamed, body: JSON.stringify(body) };
    assertEquals((await (await app.request("/mcp", init)).json()).error, undefined);
  }
  await assertMismatch(app, ECHO, { "mcp-method": "Tools/Call" });
  await assertMismatch(app, ECHO, { "mcp-name": "Echo" });
});

Deno.test("2026-07-28: base64 values in headers are decoded before they are compared", async () => {
  const names = ["grüße", " padded ", "=?base64?literal?=", "世界", "plain"];
  using app = specApp({
    prompts: names.map((name) => definePrompt({ name, run: () => name })),
    resources: [defineResource({ uri: "test://x", name: "x", read: () => "x" })],
  });
  for (const name of names) {
    const headers = { "mcp-name": base64Value(name) };
    const response = await modernPost(app, "prompts/get", { name }, { headers });
    assertEquals((await response.json()).result?.messages[0].content.text, name);
  }
  const headers = { "mcp-name": base64Value("test://x") };
  const response = await modernPost(app, "resources/read", { uri: "test://x" }, { headers });
  assertEquals((await response.json()).error, undefined);
  await assertMismatch(app, { name: "grüße" }, { "mcp-name": base64Value("world") }, "prompts/get");
});

Deno.test("2026-07-28: base64 markers in another case are not markers", async () => {
  using app = specApp();
  for (const value of ["=?BASE64?ZWNobw==?=", "=?Base64?ZWNobw==?="]) {
    await assertMismatch(app, ECHO, { "mcp-name": value });
  }
  const { status } = await modernPost(app, "tools/call", ECHO, {
    headers: { "mcp-name": "=?base64?ZWNobw==?=" },
  });
  assertEquals(status, 200);
});

Deno.test("2026-07-28: an Mcp-Param header that no schema names is ignored", async () => {
  using app = regional();
  const headers = { "mcp-param-region": "eu", "mcp-param-other": "x", "mcp-param-odd": "\u00fc" };
  const params = { name: "query", arguments: { region: "eu" } };
  const response = await modernPost(app, "tools/call", params, { headers });
  assertEquals((await response.json()).result.content[0].text, "eu");
});

Deno.test("2026-07-28: an Mcp-Param header with invalid characters is refused", async () => {
  using app = regional();
  for (const value of ["e\u00fc", "\u00a0eu", "=?base64?!?=", "=?base64?ZQ?=", "=?base64?/w==?="]) {
    const { message } = await assertRegionRefused(app, { region: "eu" }, value);
    assertStringIncludes(message, "invalid characters");
  }
});

Deno.test("2026-07-28: an Mcp-Param header that differs from its argument is refused", async () => {
  using app = regional();
  for (const value of ["us", "EU", "", base64Value("us"), base64Value(" eu")]) {
    await assertRegionRefused(app, { region: "eu" }, value);
  }
  const wrong = { "mcp-param-count": "43", "mcp-param-sure": "false", "mcp-param-inner": "no" };
  const right = { "mcp-param-count": "42.0", "mcp-param-sure": "true", "mcp-param-inner": "yes" };
  const args = { count: 42, sure: true, inner: { name: "yes" } };
  const call = { name: "count", arguments: args };
  const accepted = await modernPost(app, "tools/call", call, { headers: right });
  assertEquals(accepted.status, 200);
  for (const [header, value] of Object.entries(wrong)) {
    await assertMismatch(app, call, { ...right, [header]: value });
  }
});

Deno.test("2026-07-28: no Mcp-Param header is expected for null or missing arguments", async () => {
  using app = regional();
  for (const args of [{ region: null }, {}, undefined]) {
    const params = { name: "query", ...(args && { arguments: args }) };
    const response = await modernPost(app, "tools/call", params);
    assertEquals((await response.json()).result.content[0].text, "anywhere");
  }
});

Deno.test("2026-07-28: an argument without its Mcp-Param header is refused", async () => {
  using app = regional();
  await assertRegionRefused(app, { region: "eu" }, null);
  await assertRegionRefused(app, { region: "" }, null);
});

Deno.test("a tool whose x-mcp-header is no header name cannot be served", () => {
  for (const name of ["", "two words", "a:b", "a\r\nb", "a\u0000", "ü", "a/b", 7, null]) {
    assertNotServed(z.object({ x: z.string().meta({ "x-mcp-header": name }) }));
  }
});

Deno.test("a tool that names an x-mcp-header twice cannot be served", () => {
  assertNotServed(z.object({ a: REGION, b: z.string().meta({ "x-mcp-header": "REGION" }) }));
  assertNotServed(z.object({ a: REGION, b: z.object({ c: REGION }) }));
});

Deno.test("a tool with an x-mcp-header on anything but a primitive cannot be served", () => {
  const meta = { "x-mcp-header": "X" };
  const fields = [
    z.number().meta(meta),
    z.array(z.string()).meta(meta),
    z.object({}).meta(meta),
    z.null().meta(meta),
    z.unknown().meta(meta),
    z.union([z.string(), z.int()]).meta(meta),
  ];
  for (const x of fields) assertNotServed(z.object({ x }));
  for (const x of [z.string(), z.int(), z.boolean(), z.enum(["a", "b"])]) {
    defineTool({ name: "fine", description: "Fine", input: z.object({ x: x.meta(meta) }), run });
  }
});

Deno.test("a tool with an x-mcp-header off the path of properties cannot be served", () => {
  assertNotServed(z.object({ list: z.array(REGION) }));
  assertNotServed(z.object({ either: z.union([REGION, z.int()]) }));
  assertNotServed(z.object({ map: z.record(z.string(), REGION) }));
  assertNotServed(z.object({ pair: z.tuple([REGION]) }));
  assertNotServed(z.object({ a: z.object({ b: z.array(z.object({ c: REGION })) }) }));
  const shared = z.object({ region: REGION }).meta({ id: "Shared" });
  assertNotServed(z.object({ a: shared, b: shared }));
});

const run = () => "ran";

function assertNotServed(input: z.ZodObject): void {
  const define = () => defineTool({ name: "odd", description: "Odd", input, run });
  const { message } = assertThrows(define, RegistrationError);
  assertStringIncludes(message, 'tool "odd"');
}

/** An app with tools whose parameters travel in headers. */
function regional(): SpecApp {
  const header = (name: string) => ({ "x-mcp-header": name });
  return specApp({
    tools: [
      defineTool({
        name: "query",
        description: "Asks a region",
        input: z.object({ region: z.preprocess(noNull, REGION.optional()) }),
        run: ({ region }) => region ?? "anywhere",
      }),
      defineTool({
        name: "count",
        description: "Takes one of each",
        input: z.object({
          count: z.int().meta(header("Count")),
          sure: z.boolean().meta(header("Sure")),
          inner: z.object({ name: z.string().meta(header("Inner")) }),
        }),
        run,
      }),
    ],
  });
}

function noNull(value: unknown): unknown {
  return value ?? undefined;
}

async function assertRegionRefused(
  app: SpecApp,
  args: Record<string, unknown>,
  value: string | null,
): Promise<Message> {
  return await assertMismatch(app, { name: "query", arguments: args }, {
    "mcp-param-region": value,
  });
}

async function assertMismatch(
  app: SpecApp,
  params: Record<string, unknown>,
  headers: Record<string, string | null>,
  method = "tools/call",
): Promise<Message> {
  const response = await modernPost(app, method, params, { headers, id: "call" });
  const { id, error } = await response.json();
  const what = JSON.stringify(headers);
  assertEquals([response.status, id, error?.code], [400, "call", -32020], what);
  return error;
}

function titled(name: string): string {
  return name.replaceAll(/\b[a-z]/g, (letter) => letter.toUpperCase());
}
