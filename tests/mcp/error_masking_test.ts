/** The messages that clients get for errors that were not written for them (`MCP_MASK_ERRORS`). */
import { assertEquals, assertMatch } from "@std/assert";
import * as z from "zod";
import {
  configureLog,
  createApp,
  definePrompt,
  defineResource,
  defineTool,
  group,
  type LogLine,
  type Middleware,
  type Settings,
  ToolError,
} from "../../lib/mod.ts";
import { resetLog } from "../../lib/base/log.ts";
import { testClient } from "../../lib/testing.ts";

const SECRET = "password of db.internal is hunter2";
const fail = (): never => {
  throw new Error(SECRET);
};
const laterFail = async (): Promise<never> => {
  await Promise.resolve();
  return fail();
};

const failsInMiddleware: Middleware = (call, next) => call.name === "calm" ? fail() : next();
const calm = defineTool({ name: "calm", description: "Works", run: () => "fine" });

const TOOLS = [
  defineTool({ name: "throws", description: "Throws", run: fail }),
  defineTool({ name: "rejects", description: "Rejects", run: laterFail }),
  defineTool({ name: "queued", description: "Waits its turn", concurrency: 1, run: laterFail }),
  defineTool({
    name: "checks",
    description: "Its schema throws",
    input: z.object({ a: z.string().transform(fail) }),
    run: () => "",
  }),
  defineTool({
    name: "answers",
    description: "Its output schema throws",
    output: z.object({ a: z.string().refine(fail) }),
    run: () => ({ a: "b" }),
  }),
  defineTool({
    name: "means_it",
    description: "Throws for its client",
    run: () => {
      throw new ToolError("Try tomorrow");
    },
  }),
  calm,
  group("grouped", { tools: [calm], use: [failsInGroup()] }),
];

function failsInGroup(): Middleware {
  return fail;
}

const RESOURCES = [
  defineResource({ uri: "test://fails", name: "fails", read: fail }),
  defineResource({
    uri: "test://means-it",
    name: "means it",
    read: () => {
      throw new ToolError("Read tomorrow");
    },
  }),
];
const PROMPTS = [
  definePrompt({ name: "fails", run: fail }),
  definePrompt({
    name: "checks",
    arguments: z.object({ a: z.string().transform(fail) }),
    run: () => "",
  }),
];

const FAILING_TOOLS = ["throws", "rejects", "queued", "checks", "answers", "calm"];
const ERAS = ["2024-11-05", "2025-11-25", "2026-07-28"] as const;

/** All messages to a client from failing features, and the log meanwhile. */
async function hear(settings: Partial<Settings>, era: typeof ERAS[number]) {
  const lines: LogLine[] = [];
  configureLog({ level: "warning", write: (line) => void lines.push(line) });
  try {
    const app = createApp({
      ...{ settings, tools: TOOLS, resources: RESOURCES, prompts: PROMPTS },
      use: [failsInMiddleware],
    });
    await using client = await testClient(app, { era });
    const texts: string[] = [];
    for (const name of [...FAILING_TOOLS, "grouped_calm"]) {
      const result = await client.call(name, name === "checks" ? { a: "b" } : {});
      assertEquals(result.isError, true, name);
      texts.push(JSON.stringify(result.content));
    }
    const messageOf = (call: Promise<unknown>) =>
      call.then(() => "no error", (error: Error) => error.message);
    texts.push(await messageOf(client.read("test://fails")));
    texts.push(await messageOf(client.prompt("fails")));
    texts.push(await messageOf(client.prompt("checks", { a: "b" })));
    const meant = [
      JSON.stringify((await client.call("means_it")).content),
      await messageOf(client.read("test://means-it")),
    ];
    return { texts, meant, lines };
  } finally {
    resetLog();
  }
}

for (const era of ERAS) {
  Deno.test(`masked errors tell a reference that finds the log line, and nothing else (${era})`, async () => {
    const { texts, meant, lines } = await hear({ MCP_MASK_ERRORS: "on" }, era);
    for (const text of texts) {
      assertEquals(text.includes("hunter2"), false, text);
      const [, reference] = /\(reference ([0-9a-f]{8})\)/.exec(text) ?? [];
      const found = lines.filter((line) => line.fields?.reference === reference);
      assertEquals(found.length, 1, text);
      assertMatch(String(found[0]?.fields?.error), /hunter2/);
    }
    assertMatch(meant[0]!, /Try tomorrow/);
    assertMatch(meant[1]!, /Read tomorrow/);
  });
}

Deno.test("without masking a tool's message reaches its client, a resource's does not", async () => {
  const { texts, meant } = await hear({ MCP_MASK_ERRORS: "off" }, "2026-07-28");
  const tools = texts.slice(0, FAILING_TOOLS.length + 1);
  assertEquals(tools.filter((text) => !text.includes("hunter2")), []);
  assertEquals(texts.slice(-3, -1), ["Internal error", "Internal error"]);
  assertMatch(meant[0]!, /Try tomorrow/);
});

const AUTO: readonly (readonly [string, Partial<Settings>, boolean])[] = [
  ["on loopback", {}, false],
  ["beyond loopback", { HOST: "0.0.0.0" }, true],
  ["under a public name", { MCP_PUBLIC_URL: "https://mcp.example.com" }, true],
  ["behind a proxy", { MCP_TRUSTED_PROXIES: ["127.0.0.1"] }, true],
];

for (const [where, settings, isMasked] of AUTO) {
  Deno.test(`by default a server ${where} ${isMasked ? "masks" : "does not mask"} errors`, async () => {
    const app = createApp({ settings, tools: TOOLS });
    await using client = await testClient(app);
    const text = JSON.stringify((await client.call("throws")).content);
    assertEquals(text.includes("hunter2"), !isMasked);
  });
}
