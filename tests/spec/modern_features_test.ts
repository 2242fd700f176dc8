import { assert, assertEquals, assertNotEquals } from "@std/assert";
import * as z from "zod";
import { defineResourceTemplate } from "../../lib/registry/resource.ts";
import { defineTool } from "../../lib/registry/tool.ts";
import { BASE64, BYTES, CITIES, type SpecApp, specApp } from "./support/fixtures.ts";
import type { Message } from "./support/inbox.ts";
import { connect } from "./support/legacy_client.ts";
import { MODERN, modernRequest } from "./support/modern.ts";
import { ALL_CAPABILITIES } from "./support/modern_tour.ts";
import { TRIALS } from "./support/tour.ts";

const LISTS = {
  "tools/list": "tools",
  "resources/list": "resources",
  "resources/templates/list": "resourceTemplates",
  "prompts/list": "prompts",
} as const;
const CACHEABLE = ["server/discover", "resources/read", ...Object.keys(LISTS)];

Deno.test("2026-07-28: server/discover tells versions, capabilities and server info", async () => {
  using app = specApp();
  const { result } = await modernRequest(app, "server/discover");
  assert(result.supportedVersions.includes(MODERN));
  assertEquals(typeof result.capabilities, "object");
  const { name, version } = result._meta["io.modelcontextprotocol/serverInfo"];
  assertEquals([typeof name, typeof version], ["string", "string"]);
});

Deno.test("2026-07-28: server/discover declares a capability for every feature served", async () => {
  using app = specApp();
  const { result } = await modernRequest(app, "server/discover");
  const declared = Object.keys(result.capabilities).sort();
  assertEquals(declared, ["completions", "logging", "prompts", "resources", "tools"]);
});

Deno.test("2026-07-28: each list tells what is served now, also when that is nothing", async () => {
  using app = specApp();
  const listed = async (method: keyof typeof LISTS) =>
    (await modernRequest(app, method)).result[LISTS[method]].length;
  assertEquals(await listed("tools/list"), app.catalog.tools.size);
  assert(app.catalog.tools.remove("fail"));
  assertEquals(await listed("tools/list"), app.catalog.tools.size);
  using empty = specApp({ tools: [], resources: [], resourceTemplates: [], prompts: [] });
  for (const [method, member] of Object.entries(LISTS)) {
    assertEquals((await modernRequest(empty, method)).result[member], []);
  }
});

Deno.test("2026-07-28: lists are the same for every connection and any history", async () => {
  using app = specApp();
  const lists = async (address: string) => {
    const results = [];
    for (const method of Object.keys(LISTS)) {
      const capabilities = address.endsWith("1") ? {} : ALL_CAPABILITIES;
      results.push((await modernRequest(app, method, {}, { capabilities, id: address })).result);
    }
    return results;
  };
  const before = await lists("192.0.2.1");
  for (const [method, params] of TRIALS) await modernRequest(app, method, params);
  await using legacy = await connect(app);
  await legacy.request("tools/list");
  assertEquals(await lists("192.0.2.2"), before);
});

Deno.test("2026-07-28: cacheable results carry ttlMs and cacheScope, no other does", async () => {
  using app = specApp();
  const seen = new Set<string>();
  for (const [method, params] of [...TRIALS, ["server/discover"] as const]) {
    const { result } = await modernRequest(app, method, params);
    if (result === undefined) continue;
    seen.add(method);
    if (CACHEABLE.includes(method)) {
      assert(Number.isInteger(result.ttlMs) && result.ttlMs >= 0, method);
      assert(["public", "private"].includes(result.cacheScope), method);
    } else assertEquals(["ttlMs" in result, "cacheScope" in result], [false, false], method);
  }
  assert(CACHEABLE.every((method) => seen.has(method)));
  const interim = await modernRequest(app, "tools/call", { name: "ask" }, {
    capabilities: ALL_CAPABILITIES,
  });
  assertEquals(["ttlMs" in interim.result, "cacheScope" in interim.result], [false, false]);
});

Deno.test("2026-07-28: all pages of a list have the same cacheScope", async () => {
  using app = specApp({ settings: { MCP_PAGE_SIZE: 2 } });
  const scopes: string[] = [];
  for (let params: Record<string, unknown> | undefined = {}; params !== undefined;) {
    const { result }: Message = await modernRequest(app, "tools/list", params);
    scopes.push(result.cacheScope);
    params = result.nextCursor === undefined ? undefined : { cursor: result.nextCursor };
  }
  assert(scopes.length > 5);
  assertEquals(new Set(scopes).size, 1);
});

Deno.test("2026-07-28: nothing that depends on the caller is marked public", async () => {
  using app = specApp();
  app.catalog.resourceTemplates.add(defineResourceTemplate({
    uriTemplate: "mine://{thing}",
    name: "mine",
    read: ({ thing }, { caller }) => `${thing} of ${caller.name}`,
  }));
  const names = ["ada", "eve"];
  for (const [method, params] of [...TRIALS, ["resources/read", { uri: "mine://x" }] as const]) {
    const [one, two] = await Promise.all(names.map((name) =>
      modernRequest(app, method, params, {
        meta: { "io.modelcontextprotocol/clientInfo": { name, version: "1" } },
      })
    ));
    if (one.result?.cacheScope === "public") assertEquals(one.result, two.result, method);
  }
  const { result } = await modernRequest(app, "resources/read", { uri: "mine://x" });
  assertEquals(result.cacheScope, "private");
});

Deno.test("2026-07-28: a structured result matches the output schema, or is an error", async () => {
  using app = specApp();
  const right = await call(app, "measure", { celsius: 20.5 });
  assertEquals([right.structuredContent, right.isError], [{ celsius: 20.5 }, undefined]);
  for (const celsius of ["hot", null, {}]) {
    const { isError, structuredContent } = await call(app, "measure", { celsius });
    assertEquals([isError, structuredContent], [true, undefined]);
  }
});

Deno.test("2026-07-28: a tool never sees arguments that do not match its schema", async () => {
  using app = specApp();
  const seen: unknown[] = [];
  app.catalog.tools.add(defineTool({
    name: "strict",
    description: "Takes an integer",
    input: z.object({ n: z.int() }),
    run: (input) => (seen.push(input), "seen"),
  }));
  for (const args of [{}, { n: "1" }, { n: 1.5 }, { n: null }]) {
    assertEquals((await call(app, "strict", args)).isError, true);
  }
  const wrong = await modernRequest(app, "tools/call", { name: "strict", arguments: [1] });
  assertEquals([wrong.error.code, seen], [-32602, []]);
  assertEquals((await call(app, "strict", { n: 1 })).isError, undefined);
  assertEquals(seen, [{ n: 1 }]);
});

Deno.test("2026-07-28: a tool that throws shows its message and no stack", async () => {
  using app = specApp();
  const { content, isError } = await call(app, "fail", {});
  assertEquals([content, isError], [[{ type: "text", text: "Disk is full" }], true]);
});

Deno.test("2026-07-28: resources/read refuses what is no URI", async () => {
  using app = specApp();
  for (const uri of [undefined, null, 7, ["test://text"], {}]) {
    const { error } = await modernRequest(app, "resources/read", { uri });
    assertEquals(error.code, -32602, JSON.stringify(uri));
  }
});

Deno.test("2026-07-28: a binary resource arrives as a base64 blob, byte for byte", async () => {
  using app = specApp();
  const { result } = await modernRequest(app, "resources/read", { uri: "test://bytes" });
  const [contents] = result.contents;
  assertEquals(["text" in contents, Uint8Array.fromBase64(contents.blob)], [false, BYTES]);
});

Deno.test("2026-07-28: a template variable never holds a way out of its path", async () => {
  using app = specApp();
  const seen: unknown[] = [];
  const templates = [
    "file:///docs/{name}",
    "file:///all/{+path}",
    "file:///parts{/part*}",
  ] as const;
  app.catalog.resourceTemplates.remove(templates[0]);
  for (const uriTemplate of templates) {
    app.catalog.resourceTemplates.add(defineResourceTemplate({
      uriTemplate,
      name: uriTemplate,
      read: (variables) => (seen.push(variables), "read"),
    }));
  }
  const outside = [
    "file:///docs/..",
    "file:///docs/%2e%2e",
    "file:///docs/..%2f..%2fetc%2fpasswd",
    "file:///docs/..%5cetc",
    "file:///docs/%2Fetc%2Fpasswd",
    "file:///docs/a%00.txt",
    "file:///all/../../etc/passwd",
    "file:///all/a/%2e%2e/%2e%2e/etc",
    "file:///all//etc/passwd",
    "file:///parts/a/../../etc",
    "file:///parts/..",
  ];
  for (const uri of outside) {
    const { error } = await modernRequest(app, "resources/read", { uri });
    assertEquals(error?.code, -32602, uri);
  }
  assertEquals(seen, []);
  for (const uri of ["file:///docs/a..b", "file:///all/a/b.txt", "file:///parts/a"]) {
    assertNotEquals((await modernRequest(app, "resources/read", { uri })).result, undefined, uri);
  }
});

Deno.test("2026-07-28: content of a prompt arrives whole, of every kind", async () => {
  using app = specApp();
  const { result } = await modernRequest(app, "prompts/get", { name: "media" });
  assertEquals(result.messages.map(({ content }: Message) => content), [
    { type: "image", data: BASE64, mimeType: "image/png" },
    { type: "audio", data: BASE64, mimeType: "audio/wav" },
    {
      type: "resource",
      resource: { uri: "test://text", mimeType: "text/plain", text: "words" },
    },
    {
      type: "resource",
      resource: { uri: "test://bytes", mimeType: "application/octet-stream", blob: BASE64 },
    },
  ]);
});

Deno.test("2026-07-28: prompts/get refuses an unknown prompt and wrong arguments", async () => {
  using app = specApp();
  const wrong = [{}, { name: 7 }, { name: "missing" }, { name: "toString" }, { name: "travel" }, {
    name: "travel",
    arguments: { city: 7 },
  }];
  for (const params of wrong) {
    const { error } = await modernRequest(app, "prompts/get", params);
    assertEquals(error?.code, -32602, JSON.stringify(params));
  }
});

Deno.test("2026-07-28: completion/complete refuses malformed and unknown references", async () => {
  using app = specApp();
  const argument = { name: "city", value: "" };
  const wrong = [
    { argument },
    { ref: { type: "ref/prompt", name: "missing" }, argument },
    { ref: { type: "ref/resource", uri: "test://{x}" }, argument },
    { ref: { type: "ref/prompt", name: "travel" }, argument: { name: "city" } },
  ];
  for (const params of wrong) {
    const { error } = await modernRequest(app, "completion/complete", params);
    assertEquals(error?.code, -32602, JSON.stringify(params));
  }
});

Deno.test("2026-07-28: completion gives at most 100 values, none without a completer", async () => {
  using app = specApp();
  const completed = async (name: string) => {
    const ref = { type: "ref/prompt", name: "travel" };
    const params = { ref, argument: { name, value: "" } };
    return (await modernRequest(app, "completion/complete", params)).result.completion;
  };
  const many = { values: CITIES.slice(0, 100), total: CITIES.length, hasMore: true };
  assertEquals(await completed("city"), many);
  for (const name of ["secret", "toString", "__proto__"]) {
    assertEquals(await completed(name), { values: [], total: 0, hasMore: false });
  }
});

async function call(app: SpecApp, name: string, args: Record<string, unknown>): Promise<Message> {
  return (await modernRequest(app, "tools/call", { name, arguments: args })).result;
}
