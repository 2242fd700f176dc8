/** The file of servers: its contents, and the messages about a wrong one. */
import { assertEquals, assertThrows } from "@std/assert";
import { ConfigError } from "../../lib/base/errors.ts";
import { readServers } from "../../lib/gateway/config.ts";
import { ALL, relay } from "../../lib/gateway/relay.ts";
import { testApp } from "../helpers/app.ts";
import { ordinary, scripted } from "./scripted_server.ts";

const ENVIRONMENT: Record<string, string> = { HOME: "/home/ada", EMPTY: "" };
const read = (file: unknown) =>
  readServers(
    typeof file === "string" ? file : JSON.stringify(file),
    (name) => ENVIRONMENT[name],
  );
const faultsOf = (file: unknown) =>
  assertThrows(() => read(file), ConfigError).message.split("\n  ").slice(1);

Deno.test("a file in the form of other clients is read, under both of its names", () => {
  const servers = { one: { command: "node", args: ["a.js"], type: "stdio" } };
  const expected = {
    name: "one",
    launch: { command: "node", args: ["a.js"], env: {}, cwd: undefined, inheritEnv: false },
    prefix: "",
    allow: undefined,
    block: [],
    scopes: [],
    toolScopes: {},
    timeoutMs: undefined,
    maxChildren: undefined,
    idleMs: undefined,
    startMs: undefined,
    share: "auto",
    restart: "always",
    protocol: "auto",
  } as const;
  for (const file of [{ mcpServers: servers }, { servers }]) {
    assertEquals(read(file), { servers: [expected], warnings: [] });
  }
});

Deno.test("variables stand in command, args, env and cwd, with defaults for those unset or empty", () => {
  const { servers: [server] } = read({
    mcpServers: {
      one: {
        command: "${HOME}/bin/run",
        args: ["${NOPE:-x}", "${EMPTY:-y}", "$HOME", "a${NOPE:-}b"],
        env: { KEY: "${HOME}" },
        cwd: "${HOME}",
      },
    },
  });
  assertEquals(server?.launch, {
    command: "/home/ada/bin/run",
    args: ["x", "y", "$HOME", "ab"],
    env: { KEY: "/home/ada" },
    cwd: "/home/ada",
    inheritEnv: false,
  });
});

Deno.test("a remote server has a URL and headers, and its type names the transport", () => {
  const launches = (entry: unknown) =>
    read({ mcpServers: { one: entry } }).servers.map(({ launch }) => launch);
  const url = "https://mcp.example.com/mcp";
  assertEquals(launches({ url, headers: { authorization: "Bearer ${NOPE:-x}" } }), [
    { url, headers: { authorization: "Bearer x" }, transport: "auto" },
  ]);
  assertEquals(launches({ url, type: "streamable-http" }), [{
    url,
    headers: {},
    transport: "http",
  }]);
  assertEquals(launches({ url, type: "sse" }), [{ url, headers: {}, transport: "sse" }]);
  assertEquals(faultsOf({ mcpServers: { one: { url, command: "x" } } }), [
    'one: has both "url" and "command"',
    "one.command is not known; known are url, headers, type, disabled, lifeline",
  ]);
});

Deno.test("names have a prefix where there is more than one server, or the file says so", () => {
  const entry = { command: "x" };
  const prefixes = (mcpServers: unknown) =>
    read({ mcpServers }).servers.map(({ prefix }) => prefix);
  assertEquals(prefixes({ a: entry }), [""]);
  assertEquals(prefixes({ a: entry, b: entry }), ["a__", "b__"]);
  assertEquals(prefixes({ a: entry, b: { ...entry, disabled: true } }), [""]);
  assertEquals(prefixes({ a: { ...entry, lifeline: { prefix: "always" } } }), ["a__"]);
  assertEquals(prefixes({ a: { ...entry, lifeline: { prefix: "never" } }, b: entry }), ["", "b__"]);
});

Deno.test("everything that is wrong in a file is told at once, with what would be right", () => {
  assertEquals(
    faultsOf({
      mcpServers: {
        "a b": { comand: "x" },
        b: { command: "x", args: "y", env: { A: 1 }, cwd: 3 },
        c: { command: "${NOPE}" },
        d: 4,
        e: { url: "example.com", headers: { "a b": "c" }, type: "pipe" },
        f: { command: "x", lifeline: { prefix: "often", tools: { allow: "all" }, inheritEnv: 1 } },
      },
    }),
    [
      'a b: a name is 1 to 32 letters, digits, "_" and "-"',
      'a b: "command" must be a text',
      'b: "args" must be a list of texts',
      'b: "env" must map names to texts',
      'b: "cwd" must be a text',
      "c: ${NOPE} is not set, and has no default",
      "d: must be an object",
      'e: "url" must be a URL that begins with https:// or http://',
      'e: "headers" must map names of headers to texts',
      'e: "type" of a remote server must be one of http, streamable-http, streamableHttp, sse',
      'f.lifeline: "prefix" must be "always" or "never"',
      'f.lifeline: "inheritEnv" must be true or false',
      'f.lifeline: "tools" may have "allow" and "block", lists of the names of tools',
      'a b.comand is not known; did you mean "command"? known are command, args, env, cwd, type, disabled, lifeline',
    ],
  );
  assertEquals(faultsOf({ mcpserver: {} }), [
    'it needs an object "mcpServers" (or "servers"); found mcpserver; did you mean "mcpServers"?',
  ]);
  assertEquals(faultsOf({ mcpServers: {} }), ["it names no server"]);
  assertEquals(faultsOf("{"), ["it is not JSON at position 1 (line 1 column 2)"]);
});

Deno.test("a name that stands twice, or that no path and no tool can have, is refused with its places", () => {
  const one = '{ "command": "x" }';
  assertEquals(
    faultsOf(`{\n"mcpServers": {\n "a": ${one},\n "b": ${one},\n "a": ${one} } }`),
    ["mcpServers.a stands on line 3 and again on line 5"],
  );
  assertEquals(
    faultsOf(`{"mcpServers": {"a": {"command": "x", "env": {"K": "1",\n"K": "2"}}}}`),
    ["mcpServers.a.env.K stands on line 1 and again on line 2"],
  );
  assertEquals(
    faultsOf({ mcpServers: { a: { command: "x" } }, servers: { a: { command: "y" } } }),
    ['a stands under "mcpServers" and under "servers"'],
  );
  const entry = { command: "x" };
  assertEquals(faultsOf({ mcpServers: { sse: entry, a__b: entry, a_: entry, "ä": entry } }), [
    "sse: the name is taken: /mcp/sse is a path of the gateway",
    'a__b: a name has no "__" and no "_" at its end, as "__" ends it in the names of tools',
    'a_: a name has no "__" and no "_" at its end, as "__" ends it in the names of tools',
    'ä: a name is 1 to 32 letters, digits, "_" and "-"',
  ]);
});

Deno.test("a key that stands twice is found behind a list and in an object of a list, with its place", () => {
  assertEquals(
    faultsOf('{"mcpServers": {"a": {"command": "x", "args": ["y"], "env": {},\n"env": {}}}}'),
    ["mcpServers.a.env stands on line 1 and again on line 2"],
  );
  assertEquals(
    faultsOf('{"mcpServers": {"a": {"command": "x", "args": [{"b": 1,\n"b": 2}]}}}')[0],
    "mcpServers.a.args.b stands on line 1 and again on line 2",
  );
});

Deno.test("keys that look alike in other places are no duplicates", () => {
  const text = '{"mcpServers": {"a": {"command": "a", "args": ["a", ":", "{\\"a\\":1}"]}, ' +
    '"b": {"command": "a", "env": {"a": "b", "b": "a"}}}}';
  assertEquals(read(text).servers.map(({ name }) => name), ["a", "b"]);
});

Deno.test("options of a server are read, and one that is misspelt or out of range stops the start", () => {
  const { servers: [server] } = read({
    mcpServers: {
      a: {
        command: "x",
        lifeline: {
          scopes: ["files"],
          tools: { scopes: { write: ["files:write"] } },
          timeoutMs: 5_000,
          maxChildren: 3,
          idleMs: 60_000,
          startMs: 120_000,
          share: "never",
          restart: "on-request",
          protocol: "2025-11-25",
        },
      },
    },
  });
  const { scopes, toolScopes, timeoutMs, maxChildren, idleMs, startMs } = server!;
  assertEquals([scopes, toolScopes], [["files"], { write: ["files:write"] }]);
  assertEquals([timeoutMs, maxChildren, idleMs, startMs], [5_000, 3, 60_000, 120_000]);
  const { share, restart, protocol } = server!;
  assertEquals([share, restart, protocol], ["never", "on-request", "2025-11-25"]);
  const lifeline = {
    scope: ["a"],
    scopes: ["a b"],
    tools: { alow: [], scopes: { write: "x" } },
    timeoutMs: "5s",
    maxChildren: 0,
    idleMs: 1.5,
    startMs: 99,
    share: "sometimes",
    restart: true,
    protocol: "2024",
  };
  assertEquals(faultsOf({ mcpServers: { a: { command: "x", lifeline } } }), [
    'a.lifeline: "scope" is not known; did you mean "scopes"? known are prefix, tools, inheritEnv, ' +
    "scopes, timeoutMs, maxChildren, idleMs, startMs, share, restart, protocol",
    'a.lifeline: "scopes" must be a list of scopes',
    'a.lifeline: "tools": "alow" is not known; did you mean "allow"? known are allow, block, scopes',
    'a.lifeline: "tools" may have "scopes", which maps names of tools to lists of scopes',
    'a.lifeline: "timeoutMs" must be a whole number from 100 to 86400000',
    'a.lifeline: "maxChildren" must be a whole number from 1 to 10000',
    'a.lifeline: "idleMs" must be a whole number from 1000 to 86400000',
    'a.lifeline: "startMs" must be a whole number from 100 to 86400000',
    'a.lifeline: "share" must be one of auto, always, never',
    'a.lifeline: "restart" must be one of always, on-request, never',
    'a.lifeline: "protocol" must be one of auto, 2026-07-28, 2025-11-25',
  ]);
});

Deno.test("two servers are served side by side, each under its prefix, and only the tools that are chosen", async () => {
  const script = ordinary((message) =>
    message.method === "tools/call" ? { content: [], of: message.params.name } : undefined
  );
  await using one = scripted(script);
  await using two = scripted(script);
  using app = testApp({ tools: [] });
  relay(one.server, {
    catalog: app.catalog,
    selection: { ...ALL, prefix: "one__", allow: ["add"] },
  });
  relay(two.server, {
    catalog: app.catalog,
    selection: { ...ALL, prefix: "two__", block: ["add"] },
  });
  await Promise.all([one.server.connect(), two.server.connect()]);
  assertEquals([...app.catalog.tools.values()].map(({ name }) => name).sort(), [
    "one__add",
    "two__slow",
  ]);
  const response = await app.post("/mcp", {
    jsonrpc: "2.0",
    id: 1,
    method: "tools/call",
    params: { name: "two__slow" },
  });
  assertEquals((await response.json()).result.of, "slow");
});

Deno.test("a file that is not JSON is named by the place of the error, and not quoted", () => {
  for (const text of ["hunter2", '{"k":hunter2}', "{'k': 'hunter2'}", '{"k": "hunter2" "l"}']) {
    const faults = faultsOf(text);
    assertEquals(faults.length, 1);
    assertEquals(/hunter|k/.test(faults.join()), false, faults.join());
  }
});
