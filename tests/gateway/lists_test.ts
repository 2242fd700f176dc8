/** Lists of servers that are long, wrong or incomplete. */
import { assertEquals, assertRejects } from "@std/assert";
import { RpcError, testClient, type TestClientOptions } from "../../lib/testing.ts";
import { CapturedLog } from "../helpers/log.ts";
import { at, gatewayApp } from "./gateway_app.ts";
import { type Script, SILENCE } from "./scripted_server.ts";

const tool = (name: unknown, more = {}) => ({ name, inputSchema: { type: "object" }, ...more });

/** A server with these answers; a function gets the cursor. */
function listing(answers: Readonly<Record<string, unknown>>): Script {
  return ({ id, method, params }, server) => {
    if (method === "initialize") {
      return {
        protocolVersion: "2025-11-25",
        serverInfo: { name: "scripted", version: "1" },
        capabilities: { tools: {}, prompts: {}, resources: {} },
      };
    }
    const answer = answers[method];
    if (answer !== undefined) {
      return typeof answer === "function" ? answer(params?.cursor, params) : answer;
    }
    if (method.startsWith("notifications/") || method === "server/discover") return undefined;
    server.send({ jsonrpc: "2.0", id, error: { code: -32602, message: `No ${params?.uri}` } });
    return SILENCE;
  };
}

async function namesOf(script: Script, list: "tools" | "resources" | "prompts" = "tools") {
  await using served = gatewayApp({ one: script });
  await using client = await testClient(at("/mcp/one", served.app), { keepApp: true });
  return (await client.list(list)).map(({ name }) => name);
}

Deno.test("all pages of a long list are served, in pages of the gateway", async () => {
  const names = Array.from({ length: 2_500 }, (_, n) => `t${n}`);
  const pages = (cursor = "0") => {
    const start = Number(cursor);
    const next = start + 100;
    return {
      tools: names.slice(start, next).map((name) => tool(name)),
      ...(next < names.length && { nextCursor: String(next) }),
    };
  };
  assertEquals(await namesOf(listing({ "tools/list": pages })), names);
});

Deno.test("a list whose cursors go in a circle ends, with a warning", async () => {
  using log = new CapturedLog("warning");
  const pages = (cursor?: string) => ({
    tools: [tool(`after-${cursor}`)],
    nextCursor: cursor === "a" ? "b" : "a",
  });
  const names = await namesOf(listing({ "tools/list": pages }));
  assertEquals(names, ["after-undefined", "after-a", "after-b"]);
  assertEquals(log.lines.some((line) => line.includes("it repeats a cursor")), true);
});

Deno.test("a list of more than 1,000 pages is cut, with a warning, also if the pages are empty", async () => {
  using log = new CapturedLog("warning");
  let page = 0;
  const pages = () => ({ tools: page++ === 0 ? [tool("first")] : [], nextCursor: `p${page}` });
  assertEquals(await namesOf(listing({ "tools/list": pages })), ["first"]);
  assertEquals(page, 1_000);
  assertEquals(log.lines.some((line) => line.includes("more than 1000 pages")), true);
});

Deno.test("a list that is too long is cut with a warning also if it comes in one page", async () => {
  using log = new CapturedLog("warning");
  const tools = Array.from({ length: 10_001 }, () => ({}));
  await namesOf(listing({ "tools/list": { tools } }));
  assertEquals(log.lines.some((line) => line.includes("it is longer than 10000")), true);
});

Deno.test("many changes of a list at once are read twice at most: now, and once after", async () => {
  let reads = 0;
  const held: (() => void)[] = [];
  const script: Script = ({ id, method }, server) => {
    if (method === "initialize") {
      return {
        protocolVersion: "2025-11-25",
        serverInfo: { name: "scripted", version: "1" },
        capabilities: { tools: { listChanged: true } },
      };
    }
    if (method !== "tools/list") return undefined;
    const answer = { jsonrpc: "2.0", id, result: { tools: [tool("first")] } };
    if (reads++ === 0) server.send(answer);
    else held.push(() => server.send(answer));
    return SILENCE;
  };
  await using served = gatewayApp({ one: script });
  await served.gateway.start();
  const changed = { jsonrpc: "2.0", method: "notifications/tools/list_changed" };
  for (let n = 0; n < 500; n++) served.runs.one![0]!.send(changed);
  const until = async (count: number) => {
    while (held.length < count) await new Promise((resolve) => setTimeout(resolve, 0));
  };
  await until(1);
  held[0]!();
  await until(2);
  held[1]!();
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals(reads, 3);
});

Deno.test("a cursor that is no text ends a list", async () => {
  const pages = { tools: [tool("only")], nextCursor: null };
  assertEquals(await namesOf(listing({ "tools/list": pages })), ["only"]);
});

Deno.test("a list of more than 10,000 entries is cut, with a warning", async () => {
  using log = new CapturedLog("warning");
  const pages = (cursor = "0") => ({
    tools: Array.from({ length: 900 }, (_, n) => tool(`t${cursor}-${n}`)),
    nextCursor: String(Number(cursor) + 1),
  });
  const names = await namesOf(listing({ "tools/list": pages }));
  assertEquals(names.length, 10_000);
  assertEquals(log.lines.some((line) => line.includes("it is longer than 10000")), true);
});

Deno.test("a server that lists a name twice is served, with the first of each", async () => {
  const tools = [tool("same", { title: "1" }), tool("other"), tool("same", { title: "2" })];
  const prompts = [{ name: "p" }, { name: "p" }];
  const script = listing({ "tools/list": { tools }, "prompts/list": { prompts } });
  assertEquals(await namesOf(script), ["same", "other"]);
  assertEquals(await namesOf(script, "prompts"), ["p"]);
});

Deno.test("an entry without a name is left out, and the others are served", async () => {
  using log = new CapturedLog("warning");
  const tools = [tool(undefined), tool(""), tool(7), { name: "no-schema" }, tool("good")];
  assertEquals(await namesOf(listing({ "tools/list": { tools } })), ["good"]);
  const resources = [{ name: "no uri" }, { uri: "a:x", name: "good" }];
  assertEquals(await namesOf(listing({ "resources/list": { resources } }), "resources"), ["good"]);
  assertEquals(
    await namesOf(listing({ "prompts/list": { prompts: [{}, { name: "good" }] } }), "prompts"),
    ["good"],
  );
  assertEquals(log.lines.some((line) => line.includes("its name must be a text")), true);
});

Deno.test("a tool that runs only as a task is listed, and a call to it says why it cannot run", async () => {
  const tools = ["required", "optional"].map((taskSupport) =>
    tool(taskSupport, { execution: { taskSupport } })
  );
  const script = listing({ "tools/list": { tools }, "tools/call": { content: [] } });
  await using served = gatewayApp({ one: script });
  for (const era of ["2025-11-25", "2026-07-28"] as const) {
    const client = await testClient(at("/mcp/one", served.app), { era, keepApp: true });
    assertEquals<unknown>(await client.list("tools"), tools);
    const refused = await assertRejects(
      () => client.call("required"),
      RpcError,
      'the tool "required" of one runs only as a task, and the gateway passes no tasks on',
    );
    assertEquals(refused.code, -32601);
    assertEquals((await client.call("optional")).content, []);
    await client.close();
  }
});

Deno.test("at /mcp a resource that no server lists is read at the first server that has it", async () => {
  const having = (mine: string) =>
    listing({
      "resources/read": (_: unknown, { uri }: { uri: string }) =>
        uri === mine ? { contents: [{ uri, text: mine }] } : undefined,
    });
  const script = (mine: string): Script => (message, server) => {
    const answer = having(mine)(message, server);
    if (answer !== undefined || message.method !== "resources/read") return answer;
    const error = { code: -32002, message: `${mine} only` };
    server.send({ jsonrpc: "2.0", id: message.id, error });
    return SILENCE;
  };
  const servers = { one: script("a:1"), two: script("a:2"), three: script("a:3") };
  await using served = gatewayApp(servers, { entries: { three: { scopes: ["three"] } } });
  await using client = await testClient(served.app, { keepApp: true });
  const read = async (uri: string) => (await client.request("resources/read", { uri })).contents;
  assertEquals(await read("a:1"), [{ uri: "a:1", text: "a:1" }]);
  assertEquals(await read("a:2"), [{ uri: "a:2", text: "a:2" }]);
  // The third needs a scope that this client has not.
  await assertRejects(() => read("a:3"), RpcError, "a:1 only");
});

Deno.test("a resource that is not listed needs the scopes of its server", async () => {
  const script = listing({ "resources/read": { contents: [] }, "resources/subscribe": {} });
  await using served = gatewayApp({ one: script }, { entries: { one: { scopes: ["one"] } } });
  const clients: readonly TestClientOptions[] = [
    { era: "2025-11-25" },
    {},
    { elicit: () => ({ action: "decline" }) },
  ];
  for (const options of clients) {
    const client = await testClient(at("/mcp/one", served.app), { ...options, keepApp: true });
    await assertRejects(() => client.request("resources/read", { uri: "a:x" }), Error, "scope");
    if ("era" in options) {
      await assertRejects(
        () => client.request("resources/subscribe", { uri: "a:x" }),
        Error,
        "scope",
      );
    }
    await client.close();
  }
});
