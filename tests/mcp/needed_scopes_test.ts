/** The scopes that a message needs, and what is known of a request with an unknown outcome. */
import { assertEquals } from "@std/assert";
import { neededScopes } from "../../lib/mcp/needed_scopes.ts";
import { cutByDrain, isRepeatable, unknownOutcome } from "../../lib/mcp/unknown_outcome.ts";
import { Catalog } from "../../lib/registry/catalog.ts";
import { definePrompt } from "../../lib/registry/prompt.ts";
import { defineResource, defineResourceTemplate } from "../../lib/registry/resource.ts";
import { defineTool } from "../../lib/registry/tool.ts";
import { SEES_ALL } from "../../lib/registry/visibility.ts";

const catalog = new Catalog({
  tools: [
    defineTool({ name: "guarded", description: "", scopes: ["tool"], run: () => "" }),
    defineTool({ name: "off", description: "", scopes: ["off"], enabled: false, run: () => "" }),
    defineTool({ name: "free", description: "", run: () => "" }),
  ],
  resources: [
    defineResource({ uri: "x://a", name: "a", scopes: ["res"], read: () => "" }),
    defineResource({ uri: "x://b", name: "b", scopes: ["res", "more"], read: () => "" }),
  ],
  resourceTemplates: [
    defineResourceTemplate({ uriTemplate: "t://{id}", name: "t", scopes: ["tpl"], read: () => "" }),
  ],
  prompts: [definePrompt({ name: "ask", scopes: ["prompt"], run: () => "" })],
});

const message = (method: string, params?: unknown) => ({ jsonrpc: "2.0", id: 1, method, params });
const LISTEN = "subscriptions/listen";
const listen = (resourceSubscriptions: unknown) =>
  message(LISTEN, { notifications: { resourceSubscriptions } });

const CASES: readonly (readonly [unknown, readonly string[]])[] = [
  [message("tools/call", { name: "guarded" }), ["tool"]],
  [message("tools/call", { name: "free" }), []],
  [message("tools/call", { name: "off" }), []],
  [message("tools/call", { name: "missing" }), []],
  [message("tools/call", { name: "ask" }), []],
  [message("tools/call"), []],
  [message("tools/list", { name: "guarded" }), []],
  [message("prompts/get", { name: "ask" }), ["prompt"]],
  [message("prompts/get", { name: "guarded" }), []],
  [message("resources/read", { uri: "x://a" }), ["res"]],
  [message("resources/read", { uri: "t://1" }), ["tpl"]],
  [message("resources/read", { uri: "x://none" }), []],
  [message("resources/read", { uri: 1 }), []],
  [message("resources/subscribe", { uri: "x://b" }), ["res", "more"]],
  [message("resources/unsubscribe", { uri: "x://b" }), []],
  [message("completion/complete", { ref: { type: "ref/prompt", name: "ask" } }), ["prompt"]],
  [message("completion/complete", { ref: { type: "ref/resource", uri: "t://{id}" } }), ["tpl"]],
  [message("completion/complete", { ref: { type: "ref/resource", uri: "x://a" } }), ["res"]],
  [message("completion/complete", { ref: { type: "ref/prompt", uri: "x://a" } }), []],
  [message("completion/complete", { ref: "ask" }), []],
  [listen(["x://a", "x://b", "t://1"]), ["res", "more", "tpl"]],
  [listen(["x://none", 1, "x://a"]), ["res"]],
  [listen([`t://${"a".repeat(2_044)}`]), ["tpl"]],
  [listen([`t://${"a".repeat(2_045)}`]), []],
  [listen([...Array(999).fill("x://none"), "x://a"]), ["res"]],
  [listen([...Array(1_000).fill("x://none"), "x://a"]), []],
  [listen("x://a"), []],
  [message(LISTEN, { notifications: ["x://a"] }), []],
  [message(LISTEN, {}), []],
  [{}, []],
  [[message("tools/call", { name: "guarded" })], []],
  ["tools/call", []],
  [null, []],
];

Deno.test("a message needs the scopes of the features that it names, each once", () => {
  for (const [given, expected] of CASES) {
    assertEquals(
      neededScopes(given, catalog, undefined),
      expected,
      JSON.stringify(given)?.slice(0, 200),
    );
  }
  const off = message("tools/call", { name: "off" });
  assertEquals(neededScopes(off, catalog, SEES_ALL), ["off"]);
});

Deno.test("a resource that no feature answers for needs the scopes of those who may have it", () => {
  const open = new Catalog();
  const read = () => undefined;
  open.addUnlisted({ scopes: ["one"], read });
  open.addUnlisted({ scopes: ["two"], read });
  assertEquals(neededScopes(message("resources/read", { uri: "x://z" }), open, undefined), [
    "one",
    "two",
  ]);
  assertEquals(neededScopes(listen(["x://z", "x://y"]), open, undefined), ["one", "two"]);
  assertEquals(neededScopes(message("resources/read", {}), open, undefined), []);
});

const annotated = (name: string, annotations?: object) =>
  defineTool({ name, description: "", ...(annotations && { annotations }), run: () => "" });
const hinted = new Catalog({
  tools: [
    annotated("reads", { readOnlyHint: true }),
    annotated("repeats", { idempotentHint: true }),
    annotated("writes", { readOnlyHint: false, idempotentHint: false }),
    annotated("silent"),
  ],
});

Deno.test("only a call of a tool without a hint may do harm when it runs twice", () => {
  const call = (name?: unknown) =>
    isRepeatable({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name } }, hinted);
  assertEquals(
    ["reads", "repeats", "writes", "silent", "missing", 1, undefined].map(call),
    [true, true, false, false, false, false, false],
  );
  assertEquals(isRepeatable({ jsonrpc: "2.0", id: 1, method: "tools/call" }, hinted), false);
  for (const method of ["resources/read", "tools/list", "prompts/get"]) {
    const request = { jsonrpc: "2.0", id: 1, method, params: { name: "writes" } } as const;
    assertEquals(isRepeatable(request, hinted), true, method);
  }
});

Deno.test("the error for an unknown outcome asks for a second try only where that does no harm", () => {
  const repeat = unknownOutcome("stream_ended", "The stream is gone", true);
  assertEquals([repeat.kind, repeat.message, repeat.data], [
    "stream_ended",
    "The stream is gone. Its outcome is unknown: it may have run. Running it twice does no harm: " +
    "send it again",
    { outcome: "unknown", is_repeatable: true },
  ]);
  const request = {
    jsonrpc: "2.0",
    id: 1,
    method: "tools/call",
    params: { name: "writes" },
  } as const;
  const once = cutByDrain(request, hinted);
  assertEquals([once.kind, once.message, once.data], [
    "draining",
    "Server is shutting down and this request did not end in time. Its outcome is unknown: it may " +
    "have run. Find out whether it ran before you call it a second time: its tool is neither " +
    "readOnlyHint nor idempotentHint",
    { outcome: "unknown", is_repeatable: false },
  ]);
  const read = cutByDrain({ ...request, params: { name: "reads" } }, hinted);
  assertEquals(read.data, { outcome: "unknown", is_repeatable: true });
});
