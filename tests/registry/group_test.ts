import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import * as z from "zod";
import {
  createApp,
  definePrompt,
  defineResource,
  defineResourceTemplate,
  defineTool,
  type Features,
  group,
  type Middleware,
  ProtocolError,
  rateLimit,
  RegistrationError,
} from "../../lib/mod.ts";
import { Catalog } from "../../lib/registry/catalog.ts";
import { collectFeatures } from "../../lib/registry/collect.ts";
import { CapturedLog } from "../helpers/log.ts";
import { rpc, type TestApp, testApp, toolCall } from "../helpers/app.ts";

const invoice = defineTool({
  name: "invoice",
  description: "Writes an invoice",
  input: z.object({ amount: z.number() }),
  tags: ["money"],
  run: ({ amount }) => `${amount} due`,
});
const motto = defineResource({ uri: "x://motto", name: "motto", read: () => "Pay" });
const customer = defineResourceTemplate({
  uriTemplate: "x://customers/{id}",
  name: "customer",
  read: ({ id }) => `Customer ${id}`,
});
const remind = definePrompt({ name: "remind", run: () => "Remind them" });
const features = {
  tools: [invoice],
  resources: [motto],
  resourceTemplates: [customer],
  prompts: [remind],
};

// deno-lint-ignore no-explicit-any -- a test looks into whatever came
async function ask(app: TestApp, message: Record<string, unknown>): Promise<any> {
  const response = await app.post("/mcp", message, { accept: "application/json" });
  return await response.json();
}

Deno.test("tools and prompts of a group have its prefix, and resources keep their URIs", async () => {
  using app = testApp({ tools: [group("billing", features)] });
  const { tools } = (await ask(app, rpc("tools/list"))).result;
  assertEquals([tools.length, tools[0].name, tools[0].inputSchema.required], [
    1,
    "billing_invoice",
    ["amount"],
  ]);
  const called = await ask(app, toolCall("billing_invoice", { amount: 5 }));
  assertEquals(called.result.content[0].text, "5 due");
  const wrong = await ask(app, toolCall("billing_invoice", {}));
  assertMatch(wrong.result.content[0].text, /^Invalid arguments for tool billing_invoice: amount/);
  assertMatch((await ask(app, toolCall("invoice"))).error.message, /Unknown tool: invoice/);
  const prompt = await ask(app, rpc("prompts/get", { name: "billing_remind" }));
  assertEquals(prompt.result.messages[0].content.text, "Remind them");
  for (const [uri, text] of [["x://motto", "Pay"], ["x://customers/7", "Customer 7"]] as const) {
    const read = await ask(app, rpc("resources/read", { uri }));
    assertEquals(read.result.contents[0].text, text);
  }
  assertEquals((await ask(app, rpc("resources/read", { uri: "x://no" }))).error.code, -32002);
  assertEquals(app.catalog.tools.disable({ tag: "money" }), true);
});

Deno.test("a group's middleware stands around its features alone, and sees their full names", async () => {
  const seen: unknown[] = [];
  const use: Middleware[] = [
    async (call, next) => {
      seen.push([call.method, call.name, call.arguments]);
      return await next({ ...call, arguments: { ...call.arguments, amount: 7 } });
    },
  ];
  const other = defineTool({ name: "other", description: "Outside", run: () => "other" });
  using app = testApp({ tools: [other, group("billing", { ...features, use })] });
  await ask(app, toolCall("other"));
  const { result } = await ask(app, toolCall("billing_invoice", { amount: 5 }));
  assertEquals(result.content[0].text, "7 due");
  await ask(app, rpc("prompts/get", { name: "billing_remind" }));
  await ask(app, rpc("resources/read", { uri: "x://motto" }));
  await ask(app, rpc("resources/read", { uri: "x://customers/7" }));
  await ask(app, rpc("resources/read", { uri: "x://elsewhere" }));
  assertEquals(seen, [
    ["tools/call", "billing_invoice", { amount: 5 }],
    ["prompts/get", "billing_remind", {}],
    ["resources/read", "x://motto", {}],
    ["resources/read", "x://customers/7", {}],
  ]);
});

Deno.test("middleware of a group may refuse, and what it throws is told as an error of the tool", async () => {
  using log = new CapturedLog();
  let thrown: unknown = new Error("not today");
  const use: Middleware[] = [() => {
    throw thrown;
  }];
  using app = testApp({ tools: [group("billing", { ...features, use })] });
  const { result } = await ask(app, toolCall("billing_invoice", { amount: 5 }));
  assertEquals([result.isError, result.content[0].text], [true, "not today"]);
  assertEquals(log.of("Middleware failed")[0]?.fields.tool, "billing_invoice");
  thrown = new ProtocolError("invalid_params", "Closed");
  assertEquals((await ask(app, toolCall("billing_invoice", {}))).error.message, "Closed");
});

Deno.test("groups may hold groups: prefixes and middleware add up, the outer ones first", async () => {
  const order: string[] = [];
  const mark = (name: string): Middleware => async (_call, next) => {
    order.push(name);
    return await next();
  };
  const inner = group("eu", { tools: [invoice], use: [mark("inner")] });
  const outer = group("billing", { tools: [inner], use: [mark("outer")] });
  using app = testApp({ prompts: [outer] });
  const { result } = await ask(app, toolCall("billing_eu_invoice", { amount: 1 }));
  assertEquals([result.content[0].text, order], ["1 due", ["outer", "inner"]]);
});

Deno.test("middleware and errors of a group in a group have the names that clients use", async () => {
  const seen: string[] = [];
  const note = (by: string): Middleware => (call, next) => {
    seen.push(`${by}: ${call.name}`);
    return next();
  };
  const fails = defineTool({
    name: "fails",
    description: "Fails",
    run: () => {
      throw new Error("no");
    },
  });
  const { prompts } = features;
  const inner = group("eu", { tools: [invoice, fails], prompts, use: [note("inner")] });
  using app = testApp({ tools: [group("billing", { tools: [inner], use: [note("outer")] })] });
  using log = new CapturedLog();
  const { result } = await ask(app, toolCall("billing_eu_invoice", { amount: "5" }));
  assertMatch(result.content[0].text, /^Invalid arguments for tool billing_eu_invoice: amount/);
  await ask(app, toolCall("billing_eu_fails"));
  assertEquals(log.of("Tool failed")[0]?.fields.tool, "billing_eu_fails");
  await ask(app, rpc("prompts/get", { name: "billing_eu_remind" }));
  assertEquals(
    seen,
    ["invoice", "fails", "remind"].flatMap((name) => [
      `outer: billing_eu_${name}`,
      `inner: billing_eu_${name}`,
    ]),
  );
});

Deno.test("ready-made middleware of a group takes names with and without its prefix", async () => {
  const other = defineTool({ name: "other", description: "", run: () => "" });
  const outcomes = async (limited: string, names: readonly string[]) => {
    const use = [rateLimit({ perMinute: 1, tools: [limited] })];
    const inner = group("eu", { tools: [invoice, other], use });
    using app = testApp({ tools: [inner, group("billing", { tools: [inner] })] });
    const results = names.flatMap((name) => [name, name]).map(async (name) =>
      (await ask(app, toolCall(name, { amount: 1 }))).result.isError ?? false
    );
    return await Promise.all(results);
  };
  const both = ["eu_invoice", "billing_eu_invoice"];
  assertEquals(await outcomes("invoice", both), [false, true, false, true]);
  assertEquals(await outcomes("eu_invoice", both), [false, true, false, false]);
  assertEquals(await outcomes("invoice", ["eu_other"]), [false, false]);
});

Deno.test("middleware of each group sees the name within that group", async () => {
  const seen: unknown[] = [];
  const note: Middleware = ({ name, nameInGroup }, next) => {
    seen.push([name, nameInGroup]);
    return next();
  };
  const inner = group("eu", { ...features, use: [note] });
  using app = testApp({ tools: [group("billing", { tools: [inner], use: [note] })], use: [note] });
  await ask(app, toolCall("billing_eu_invoice", { amount: 1 }));
  await ask(app, rpc("prompts/get", { name: "billing_eu_remind" }));
  await ask(app, rpc("resources/read", { uri: "x://motto" }));
  assertEquals(seen, [
    ["billing_eu_invoice", undefined],
    ["billing_eu_invoice", "eu_invoice"],
    ["billing_eu_invoice", "invoice"],
    ["billing_eu_remind", undefined],
    ["billing_eu_remind", "eu_remind"],
    ["billing_eu_remind", "remind"],
    ["x://motto", undefined],
    ["x://motto", undefined],
    ["x://motto", undefined],
  ]);
});

Deno.test("a group that stands in two groups has the name of each", async () => {
  const inner = group("eu", { tools: [invoice], use: [(_call, next) => next()] });
  using app = testApp({ tools: [group("a", { tools: [inner] }), group("b", { tools: [inner] })] });
  for (const name of ["a_eu_invoice", "b_eu_invoice"]) {
    const { result } = await ask(app, toolCall(name, {}));
    assertMatch(result.content[0].text, new RegExp(`^Invalid arguments for tool ${name}:`));
  }
});

for (const name of ["", "a b", "x".repeat(65), "ä", 7]) {
  Deno.test(`${JSON.stringify(name)} is not the name of a group`, () => {
    const { message } = assertThrows(() => group(name as string, {}), RegistrationError);
    assertMatch(message, /^Cannot serve group .*1 to 64 letters/);
  });
}

Deno.test("a name that gets too long within a group is refused", () => {
  const long = defineTool({ name: "x".repeat(120), description: "", run: () => "" });
  assertThrows(() => group("billing_in_the_eu", { tools: [long] }), RegistrationError, "1 to 128");
});

Deno.test("two tools of one name are told with the groups that they come from", () => {
  const plain = defineTool({ name: "a_b_c", description: "", run: () => "" });
  const c = defineTool({ name: "c", description: "", run: () => "" });
  const inB = group("b", { tools: [c] });
  const bc = defineTool({ name: "b_c", description: "", run: () => "" });
  const groupA = group("a", { tools: [inB] });
  assertThrows(
    () => new Catalog({ tools: [plain, groupA] }),
    RegistrationError,
    'tool "a_b_c": the name is taken, by one of the app itself; the other is of group "b" in group "a"',
  );
  assertThrows(
    () => new Catalog({ tools: [group("a", { tools: [bc] }), groupA] }),
    RegistrationError,
    'the name is taken, by one of group "a"; the other is of group "b" in group "a"',
  );
});

Deno.test("an export that has but a part of a tool is no tool", () => {
  const call = () => "";
  const parts = { noName: { listing: {}, call }, noListing: { name: "a", listing: null, call } };
  const { features: found, unserved } = collectFeatures(parts);
  assertEquals(found.tools, []);
  assertEquals(unserved.map(({ path }) => path.split(".")[0]), ["noName", "noListing"]);
});

Deno.test("a module may export a group", () => {
  const { features: found, unserved } = collectFeatures({ billing: group("billing", features) });
  assertEquals(found.tools.map(({ name }) => name), ["billing_invoice"]);
  assertEquals([found.resources.length, found.resourceTemplates.length, found.prompts.length], [
    1,
    1,
    1,
  ]);
  assertEquals(unserved, []);
});

Deno.test("a module may export features in lists and objects, four deep and no deeper", () => {
  const fits = { lists: [[[[invoice]]]], objects: { a: { b: { c: { motto } } } } };
  const found = collectFeatures(fits);
  assertEquals(found.features.tools, [invoice]);
  assertEquals(found.features.resources, [motto]);
  assertEquals(found.unserved, []);
  const deeper = collectFeatures({ lists: [[[[[invoice]]]]] });
  assertEquals(deeper.features.tools, []);
  assertEquals(deeper.unserved.map(({ path }) => path), ["lists[0][0][0][0]"]);
});

for (
  const [lists, expected] of [
    [
      { tools: [{ name: "a", run: () => "" }] },
      "tools[0]: a plain definition; pass it to defineTool() or definePrompt()",
    ],
    [{ tools: [invoice, Promise.resolve(invoice)] }, "tools[1]: a promise; await it"],
    [{ tools: [undefined] }, "tools[0]: undefined, which defineTool() did not make"],
    [{ tools: [motto] }, 'tools[0]: it belongs in "resources"'],
    [{ resources: [customer] }, 'resources[0]: it belongs in "resourceTemplates"'],
    [
      { resources: [{ uri: "a://b", read: () => "" }] },
      "resources[0]: a plain definition; pass it to defineResource()",
    ],
    [{ prompts: [[remind]] }, "prompts[0]: a list, which definePrompt() did not make"],
    [{ tools: { invoice } }, "tools: it must be a list, not an object"],
    [{ tools: invoice }, "tools: it must be a list, not an object"],
    [{ prompts: "remind" }, "prompts: it must be a list, not a string"],
  ] as const
) {
  Deno.test(`without a type check, ${expected} is refused by an app and a group`, () => {
    const wrong = lists as unknown as Features;
    const message = `Cannot serve ${expected}`;
    assertEquals(assertThrows(() => createApp(wrong), RegistrationError).message, message);
    assertEquals(assertThrows(() => group("g", wrong), RegistrationError).message, message);
  });
}

for (
  const [use, expected] of [
    [() => {}, '"use" must be a list of functions, not a function'],
    [
      [(_call: unknown, next: () => unknown) => next(), false],
      "use[1] is a boolean, not a function",
    ],
    [[, () => {}], "use[0] is undefined, not a function"],
  ] as const
) {
  Deno.test(`without a type check, middleware is never passed over: ${expected}`, () => {
    const wrong = use as unknown as Middleware[];
    const ofApp = assertThrows(() => createApp({ use: wrong }), RegistrationError);
    assertEquals(ofApp.message, `Cannot serve the app: ${expected}`);
    const ofGroup = assertThrows(() => group("g", { use: wrong }), RegistrationError);
    assertEquals(ofGroup.message, `Cannot serve group "g": ${expected}`);
  });
}

Deno.test("middleware of a group that sends a request elsewhere is told that it cannot", async () => {
  const elsewhere: Middleware = (call, next) => next({ ...call, name: "other" });
  using _log = new CapturedLog();
  using app = testApp({ tools: [group("g", { ...features, use: [elsewhere] })] });
  const { result } = await ask(app, toolCall("g_invoice", { amount: 1 }));
  assertEquals(
    result.content[0].text,
    "Middleware of a group cannot send g_invoice to other: only middleware of the app can",
  );
  for (
    const request of [
      rpc("prompts/get", { name: "g_remind" }),
      rpc("resources/read", { uri: "x://motto" }),
    ]
  ) assertEquals((await ask(app, request)).error.code, -32603);
});
