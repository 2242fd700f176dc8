/** Middleware that names tools: the start tells of names that no tool has. */
import { assertEquals, assertThrows } from "@std/assert";
import { Catalog } from "../../lib/registry/catalog.ts";
import {
  type AppOptions,
  cacheResults,
  ConfigError,
  createApp,
  defineResource,
  defineTool,
  group,
  type Middleware,
  rateLimit,
} from "../../lib/mod.ts";
import { testClient } from "../../lib/testing.ts";
import { CapturedLog } from "../helpers/log.ts";

const search = defineTool({ name: "search", description: "Searches", run: () => "found" });
const invoice = defineTool({ name: "invoice", description: "Invoices", run: () => "paid" });
const motto = defineResource({ uri: "x://motto", name: "motto", read: () => "Still here" });
const limit = (...tools: string[]) => rateLimit({ perMinute: 1, tools });
const cache = (...tools: string[]) => cacheResults({ ttlMs: 1_000, tools });

/** The warnings of an app's start: the names, and the hints. */
async function warnings(
  options: AppOptions,
  prepare: (app: ReturnType<typeof createApp>) => void = () => {},
): Promise<unknown[]> {
  using log = new CapturedLog("warning");
  const app = createApp(options);
  prepare(app);
  await app.start();
  app.stop();
  return log.of("Middleware names an unknown tool").map(({ fields }) => fields);
}

Deno.test("the start says which tool of middleware is unknown, and which one is near", async () => {
  assertEquals(await warnings({ tools: [search, invoice], use: [limit("serach", "invoice")] }), [
    { middleware: "rateLimit", tool: "serach", hint: "did you mean search?" },
  ]);
  const hint = "it does nothing until a tool of this name is added";
  assertEquals(await warnings({ tools: [search], use: [limit("pay"), cache("invoices")] }), [
    { middleware: "rateLimit", tool: "pay", hint },
    { middleware: "cacheResults", tool: "invoices", hint },
  ]);
});

Deno.test("middleware of an app names the tools of groups by their full names", async () => {
  const tools = [group("billing", { tools: [group("eu", { tools: [invoice] })] })];
  assertEquals(await warnings({ tools, use: [limit("billing_eu_invoice")] }), []);
  assertEquals(await warnings({ tools, use: [limit("invoice", "billing_eu_invoise")] }), [
    { middleware: "rateLimit", tool: "invoice", hint: "did you mean billing_eu_invoice?" },
    {
      middleware: "rateLimit",
      tool: "billing_eu_invoise",
      hint: "did you mean billing_eu_invoice?",
    },
  ]);
});

Deno.test("middleware of a group names its tools with the prefix or without", async () => {
  const within = (...tools: string[]) => ({
    tools: [
      search,
      group("eu", { tools: [group("billing", { tools: [invoice], use: [limit(...tools)] })] }),
    ],
  });
  assertEquals(await warnings(within("invoice", "eu_billing_invoice")), []);
  assertEquals(await warnings(within("invoce", "billing_invoice", "search")), [
    { middleware: "rateLimit", tool: "invoce", hint: "did you mean invoice?" },
    { middleware: "rateLimit", tool: "billing_invoice", hint: "did you mean eu_billing_invoice?" },
    {
      middleware: "rateLimit",
      tool: "search",
      hint: "the tool is not in the group of this middleware",
    },
  ]);
});

Deno.test("middleware around several groups names tools of any of them", async () => {
  const use = [limit("search", "invoice", "motto")];
  const groups = [
    group("a", { tools: [search], use }),
    group("b", { tools: [invoice], use }),
    group("c", { resources: [motto], use }),
  ];
  assertEquals((await warnings({ tools: groups })).length, 1);
});

Deno.test("a group without tools has none that its middleware could name", async () => {
  const alone = group("c", { resources: [motto], use: [limit("motto")] });
  assertEquals((await warnings({ tools: [search], resources: [alone] })).length, 1);
});

Deno.test("tools that are disabled, added before the start or of other endpoints are known", async () => {
  const off = defineTool({ name: "off", description: "Off", enabled: false, run: () => "" });
  const endpoint = {
    path: "/mcp/other",
    catalog: new Catalog({ tools: [invoice] }),
    info: { name: "other", version: "1" },
  };
  const use = [limit("off", "search", "invoice")];
  const add = (app: ReturnType<typeof createApp>) => app.catalog.tools.add(search);
  assertEquals(await warnings({ tools: [off], endpoints: [endpoint], use }, add), []);
  const onStart = () => Promise.resolve({});
  assertEquals((await warnings({ tools: [off], use, onStart })).length, 2);
});

Deno.test("the first request starts the check, once, and middleware works for tools added later", async () => {
  using log = new CapturedLog("warning");
  const app = createApp({ use: [limit("search")] });
  await using client = await testClient(app);
  app.catalog.tools.add(search);
  const isError = async () => (await client.call("search")).isError ?? false;
  assertEquals([await isError(), await isError()], [false, true]);
  assertEquals(log.of("Middleware names an unknown tool").length, 1);
});

Deno.test("an app whose middleware names no tools need not wait for a start", async () => {
  const pass: Middleware = (_call, next) => next();
  const app = createApp({ tools: [search], use: [pass, rateLimit({ perMinute: 1 })] });
  const response = app.fetch(new Request("http://localhost/healthz"));
  assertEquals(response instanceof Response, true);
  await response;
  app.stop();
});

Deno.test("onStop of an app without onStart runs, whether a request came or not", async () => {
  const stopped: string[] = [];
  for (const use of [[], [limit("search")]]) {
    const app = createApp({ tools: [search], use, onStop: () => void stopped.push("stopped") });
    await app.drain(0);
    app.stop();
  }
  assertEquals(stopped, ["stopped", "stopped"]);
});

for (
  const [tools, what] of [
    ["search", '"search"'],
    [[search], "a list with an object at [0]"],
    [["search", ""], 'a list with "" at [1]'],
    [undefined, "undefined"],
    [{ search: true }, "an object"],
  ] as const
) {
  Deno.test(`tools of middleware that are ${what} are refused`, () => {
    const wrong = tools as unknown as string[];
    const makers = [() => cacheResults({ ttlMs: 1, tools: wrong })];
    if (tools !== undefined) makers.push(() => rateLimit({ perMinute: 1, tools: wrong }));
    for (const make of makers) {
      assertEquals(
        assertThrows(make, ConfigError).message,
        `Invalid tools: ${what}; give a list of names, such as ["search"]`,
      );
    }
  });
}
