/** Definitions and options that no type checker has seen: each mistake is named, with what is right. */
import { assertEquals, assertThrows } from "@std/assert";
import * as z from "zod";
import {
  cacheResults,
  ConfigError,
  createApp,
  definePrompt,
  defineResource,
  defineResourceTemplate,
  defineTool,
  group,
  limitOutput,
  logTiming,
  rateLimit,
  RegistrationError,
} from "../../lib/mod.ts";

// deno-lint-ignore no-explicit-any -- stands for JavaScript, which has no types
type Untyped = (definition?: any) => unknown;

const TOOL = { name: "t", description: "", run: () => "" };
const PROMPT = { name: "p", arguments: z.object({ code: z.string() }), run: () => "" };
const RESOURCE = { uri: "x://r", name: "r", read: () => "" };
const TEMPLATE = { uriTemplate: "x://{id}{?page}", name: "r", read: () => "" };

const tool: Untyped = (members) => defineTool({ ...TOOL, ...members });
const prompt: Untyped = (members) => definePrompt({ ...PROMPT, ...members });
const resource: Untyped = (members) => defineResource({ ...RESOURCE, ...members });
const template: Untyped = (members) => defineResourceTemplate({ ...TEMPLATE, ...members });

const WRONG: readonly (readonly [define: Untyped, members: object, says: string])[] = [
  // Names.
  [
    tool,
    { inputs: z.object({}) },
    'tool "t": a tool has no member "inputs"; did you mean "input"?',
  ],
  [
    tool,
    { inputSchema: {} },
    'tool "t": a tool has no member "inputSchema"; did you mean "input"?',
  ],
  [tool, { run: undefined, handler: () => "" }, 'has no member "handler"; did you mean "run"?'],
  [tool, { middleware: [] }, 'has no member "middleware"; there are name, title, description,'],
  [prompt, { args: {} }, 'prompt "p": a prompt has no member "args"; did you mean "arguments"?'],
  [
    resource,
    { mime: "" },
    'resource "r": a resource has no member "mime"; did you mean "mimeType"?',
  ],
  [template, { size: 1 }, 'resource template "r": a resource template has no member "size"; there'],
  // Members of all kinds.
  [tool, { description: 5 }, 'Cannot serve tool "t": its description must be a text, not 5'],
  [prompt, { title: null }, 'Cannot serve prompt "p": its title must be a text, not null'],
  [tool, { enabled: "no" }, 'its enabled must be true or false, not "no"'],
  [resource, { enabled: 0 }, "its enabled must be true or false, not 0"],
  [template, { scopes: "a" }, 'its scopes must be a list of texts, not "a"'],
  [tool, { listedFor: "all" }, 'its listedFor must be "granted" or "everybody", not "all"'],
  [tool, { _meta: [] }, "its _meta must be an object, not a list"],
  [tool, { icons: "x.png" }, 'its icons must be a list, not "x.png"'],
  [tool, { icons: ["x.png"] }, 'its icons[0] must be an object, not "x.png"'],
  [tool, { icons: [{}] }, "its icons[0].src is missing: the URL of the icon"],
  [tool, { icons: [{ url: "x" }] }, 'its icons[0].url is unknown; did you mean "src"?'],
  [
    prompt,
    { icons: [{ src: "https://a/b.png" }, { src: "/b.png" }] },
    'its icons[1].src must be an absolute URL (https:, http: or data:), not "/b.png"',
  ],
  [tool, { icons: [{ src: "javascript:alert(1)" }] }, "its icons[0].src must be an absolute URL"],
  [
    tool,
    { icons: [{ src: "data:,", sizes: "48x48" }] },
    "its icons[0].sizes must be a list of texts",
  ],
  [tool, { icons: [{ src: "data:,", theme: "" }] }, 'theme must be "light" or "dark", not ""'],
  // Members of one kind.
  [
    tool,
    { annotations: { readOnly: true } },
    'annotations.readOnly is unknown; did you mean "readOn',
  ],
  [
    tool,
    { annotations: { readOnlyHint: 1 } },
    "annotations.readOnlyHint must be true or false, not 1",
  ],
  [resource, { annotations: { priority: 2 } }, "annotations.priority must be a number from 0 to 1"],
  [resource, { annotations: { audience: ["all"] } }, "annotations.audience[0] must be "],
  [resource, { size: -1 }, "its size must be a number, at least 0, not -1"],
  [resource, { name: undefined }, 'Cannot serve resource "x://r": it has no name'],
  [template, { name: "" }, "it has no name"],
  [
    template,
    { complete: { ids: () => [] } },
    "its complete.ids is for nothing that a user fills in; ",
  ],
  [template, { complete: { page: ["1"] } }, "its complete.page must be a function, not a list"],
  [prompt, { complete: { cod: () => [] } }, "fills in; it has code"],
  [prompt, { arguments: undefined, complete: { a: () => [] } }, "fills in; it has none"],
];

for (const [define, members, says] of WRONG) {
  Deno.test(`a definition is refused with: ${says}`, () => {
    assertThrows(() => define(members), RegistrationError, says);
  });
}

Deno.test("a definition that is no object is refused with the call that was meant", () => {
  const definers = { defineTool, definePrompt, defineResource, defineResourceTemplate };
  for (const [name, define] of Object.entries(definers)) {
    for (const value of [undefined, null, "search", [TOOL]]) {
      assertThrows(() => (define as Untyped)(value), RegistrationError, `call ${name}({ `);
    }
  }
});

Deno.test("right members of every kind are served, and those that are undefined are left out", () => {
  const icons = [{
    src: "https://a/b.png",
    mimeType: "image/png",
    sizes: ["48x48"],
    theme: "dark",
  }];
  const shared = { title: "T", icons, _meta: { a: 1 }, tags: [], scopes: [], extra: undefined };
  tool({ ...shared, annotations: { readOnlyHint: true, title: "T" }, listedFor: "everybody" });
  prompt({ ...shared, complete: { code: () => [] } });
  const annotations = { audience: ["user"], priority: 1, lastModified: "2026-01-01T00:00:00Z" };
  resource({ ...shared, annotations, size: 0, mimeType: "text/plain" });
  template({ ...shared, annotations, complete: { id: () => [], page: () => [] } });
});

Deno.test("a definition of a class may have members of its own", () => {
  class Counter {
    readonly name = "count";
    readonly description = "Counts its calls";
    calls = 0;
    run(): string {
      return `${++this.calls}`;
    }
  }
  assertEquals(defineTool(new Counter()).name, "count");
});

const OPTIONS: readonly (readonly [make: Untyped, options: unknown, says: string])[] = [
  [createApp, { tool: [] }, 'createApp() has no option "tool"; did you mean "tools"?'],
  [createApp, { middleware: [] }, 'createApp() has no option "middleware"; did you mean "use"?'],
  [createApp, null, "createApp() takes an object of options, not null"],
  [createApp, [], "createApp() takes an object of options, not a list"],
  [createApp, { onStart: {} }, "Option of createApp(): onStart must be a function, not an object"],
  [createApp, { info: { name: "x" } }, "info must have a name and a version, both texts"],
  [createApp, { info: "x" }, 'info must be an object, not "x"'],
  [createApp, { instructions: 5 }, "instructions must be a text, not 5"],
  [createApp, { auth: { verfy: () => {} } }, 'auth.verfy is unknown; did you mean "verify"?'],
  [rateLimit, undefined, "rateLimit() takes an object of options, not undefined"],
  [
    rateLimit,
    { perMinute: 1, tool: [] },
    'rateLimit() has no option "tool"; did you mean "tools"?',
  ],
  [rateLimit, { perMinute: "5" }, 'Invalid perMinute: "5"; give a positive number'],
  [rateLimit, { perMinute: 5, burst: 0.5 }, "Invalid burst: 0.5; give at least 1"],
  [rateLimit, { perMinute: 5, maxEntries: 0.5 }, "Invalid maxEntries: 0.5; give at least 1"],
  [rateLimit, { perMinute: 5, callerOf: "x" }, 'callerOf must be a function, not "x"'],
  [cacheResults, { tools: [], ttlMs: 5, ttl: 1 }, 'has no option "ttl"; did you mean "ttlMs"?'],
  [cacheResults, { tools: [], ttlMs: 5, isShared: "no" }, "isShared must be true or false"],
  [cacheResults, { tools: [], ttlMs: 5, maxEntries: 0.5 }, "Invalid maxEntries: 0.5"],
  [limitOutput, 5, "limitOutput() takes an object of options, not 5"],
  [limitOutput, {}, "Invalid maxBytes: undefined; give a positive number"],
  [logTiming, { minMs: -1 }, "Option of logTiming(): minMs must be a number, at least 0, not -1"],
  [logTiming, { ms: 1 }, 'logTiming() has no option "ms"; there are minMs, clock'],
];

for (const [make, options, says] of OPTIONS) {
  Deno.test(`options are refused with: ${says}`, () => {
    assertThrows(() => make(options), ConfigError, says);
  });
}

Deno.test("options of a group are checked", () => {
  const wrong = group as (name: string, options?: unknown) => unknown;
  const refusal = (options?: unknown) =>
    assertThrows(() => wrong("g", options), RegistrationError).message;
  const start = 'Cannot serve group "g": group() ';
  assertEquals(refusal(), `${start}takes an object of options, not undefined`);
  assertEquals(refusal([defineTool(TOOL)]), `${start}takes an object of options, not a list`);
  assertEquals(refusal({ tool: [] }), `${start}has no option "tool"; did you mean "tools"?`);
});
