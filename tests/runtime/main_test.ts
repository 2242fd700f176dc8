/** `main.ts` as a process: its output, its end, and faults that it survives. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { initializeRequest, rpc, toolCall } from "../helpers/app.ts";
import { runMain, ServerProcess } from "../helpers/process.ts";
import { EventReader } from "../helpers/sse.ts";

const FIXTURES = "./tests/fixtures/tools";
const JSON_GREETING = /"url":"(http\S+?)\/mcp"/;
const STACK_REGEXP = /\n\s+at .+[:(]|file:\/\/\S+:\d+:\d+/;

// deno-lint-ignore no-explicit-any -- a test looks into whatever came
async function call(server: ServerProcess, message: unknown): Promise<any> {
  const response = await fetch(`${server.url}/mcp`, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify(message),
  });
  return await response.json();
}

async function openPlain(server: ServerProcess, message: unknown): Promise<EventReader> {
  const response = await fetch(`${server.url}/mcp/sse`, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "text/event-stream" },
    body: JSON.stringify(message),
  });
  return new EventReader(response);
}

Deno.test("--help prints every flag to stdout and ends with 0", async () => {
  const { code, stdout, stderr } = await runMain({ args: ["--help"] });
  assertEquals([code, stderr], [0, ""]);
  for (const flag of ["--port", "--mcp-tools", "--check-config", "--stdio"]) {
    assertStringIncludes(stdout, flag);
  }
});

Deno.test("--check-config prints the settings in force to stdout, without secrets, and ends with 0", async () => {
  const { code, stdout, stderr } = await runMain({
    args: ["--check-config", "--port=1234"],
    env: { PORT: "1", MCP_ADMIN_TOKEN: "s3cret-0123456789", MCP_PING_INTERVAL_MS: "5000" },
  });
  assertEquals([code, stderr], [0, ""]);
  assertMatch(stdout, /^PORT +1234$/m);
  assertMatch(stdout, /^MCP_PING_INTERVAL_MS +5000$/m);
  assertMatch(stdout, /^MCP_ADMIN_TOKEN +\(set\)$/m);
  assertEquals(stdout.includes("s3cret-0123456789"), false);
});

Deno.test("settings at fault end the start with 1, all told at once, without a stack", async () => {
  const { code, stdout, stderr } = await runMain({
    args: ["--prot=80"],
    env: { PORT: "x", MCP_LOG_LEVEL: "loud", MCP_SESSION_KEY: "too-short-secret" },
  });
  assertEquals([code, stdout], [1, ""]);
  assertMatch(stderr, /^\[ERROR\] Invalid settings:\n/);
  for (const name of ["--prot: ", 'PORT="x": ', 'MCP_LOG_LEVEL="loud": ', "MCP_SESSION_KEY: "]) {
    assertStringIncludes(stderr, name);
  }
  assertEquals([STACK_REGEXP.test(stderr), stderr.includes("too-short-secret")], [false, false]);
});

Deno.test("a variable that is nearly a setting is told, with the setting that was meant", async () => {
  await using server = await ServerProcess.start({
    env: { MCP_PIN_INTERVAL_MS: "5000", MCP_LOG_LEVEL: "info" },
  });
  const [line] = await server.until(/\[WARNING\] Unknown setting .*\n/);
  assertStringIncludes(line, '"MCP_PIN_INTERVAL_MS"');
  assertStringIncludes(line, "did you mean MCP_PING_INTERVAL_MS?");
  const checked = await runMain({ args: ["--check-config"], env: { MCP_TOOL: "./tools.ts" } });
  assertStringIncludes(checked.stderr, "did you mean MCP_TOOLS?");
});

Deno.test("the link of the greeting carries the operator's token, also where stderr is piped", async () => {
  await using server = await ServerProcess.start();
  const token = /connections\.html#token=([0-9a-f]{64})\n/.exec(server.stderr)?.[1];
  const headers = { authorization: `Bearer ${token}` };
  for (const path of ["/mcp/connections", "/metrics"]) {
    const response = await fetch(`${server.url}${path}`, { headers });
    assertEquals(response.status, 200);
    await response.body?.cancel();
  }
});

const OPEN = "No authorization is set up: whoever reaches this address may call every tool";
const UNBOUNDED = "Resident memory has no limit: grant --allow-sys=systemMemoryInfo";
const NO_MEASURE = ["--deny-sys=systemMemoryInfo"];

for (
  const { what, env, flags = [], says } of [
    { what: "on loopback that may measure memory is not warned of anything", env: {}, says: [] },
    {
      what: "on the network without authorization is warned of that",
      env: { HOST: "0.0.0.0" },
      says: [OPEN],
    },
    {
      what: "that may not measure memory is told so",
      env: {},
      flags: NO_MEASURE,
      says: [UNBOUNDED],
    },
    {
      what: "that may not measure memory and is told its size says nothing",
      env: { MCP_MEMORY_BYTES: "500000000" },
      flags: NO_MEASURE,
      says: [],
    },
  ]
) {
  Deno.test(`a server ${what}`, async () => {
    await using server = await ServerProcess.start({ env, flags });
    await server.stop();
    assertEquals([OPEN, UNBOUNDED].filter((line) => server.stderr.includes(line)), says);
  });
}

Deno.test("issuers that the process may not connect to are named at the start, with the flag", async () => {
  const env = {
    MCP_PUBLIC_URL: "https://mcp.example.com",
    MCP_AUTH_ISSUERS: "https://login.example.com,http://127.0.0.1:9",
  };
  await using server = await ServerProcess.start({ env }, /listening on (http\S+)\n/);
  const [line] = await server.until(/\[WARNING\] The issuer cannot be reached .*\n/);
  assertStringIncludes(line, "--allow-net");
  assertStringIncludes(line, '"host":"login.example.com"');
  assertEquals(server.stderr.match(/The issuer cannot be reached/g)?.length, 1);
});

for (const format of ["text", "json"]) {
  Deno.test(`no line of the log has the operator's token (${format})`, async () => {
    const env = { MCP_LOG_FORMAT: format, MCP_LOG_LEVEL: "debug" };
    const greeting = format === "json" ? JSON_GREETING : /Endpoint +(http\S+)\/mcp\/sse\n/;
    await using server = await ServerProcess.start({ env }, greeting);
    const headers = { authorization: "Bearer guess" };
    for (const init of [{}, { headers }]) {
      const response = await fetch(`${server.url}/mcp/connections`, init);
      assertEquals(response.status, 401);
      await response.body?.cancel();
    }
    await server.stop();
    assertMatch(server.stderr, /Operator refused/);
    const lines = server.stderr.split("\n").filter((line) => !line.startsWith("  Connections "));
    assertEquals(/token=|[0-9a-f]{64}|guess/.exec(lines.join("\n")), null);
    assertEquals(lines.length < server.stderr.split("\n").length, format === "text");
  });
}

Deno.test("with MCP_LOG_FORMAT=json every line is JSON, the first and the last too", async () => {
  const env = { MCP_LOG_FORMAT: "json" };
  await using server = await ServerProcess.start({ env }, JSON_GREETING);
  assertEquals(await server.stop("SIGTERM"), 0);
  const lines = server.stderr.trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals(lines.map(({ message }) => message), ["Listening", "Stopping", "Stopped"]);
  for (const { timestamp } of lines) assertMatch(timestamp, /^\d{4}-\d\d-\d\dT/);
  const failed = await runMain({ env: { ...env, PORT: "x" } });
  const { level, message, error } = JSON.parse(failed.stderr);
  assertEquals([failed.code, level, message], [1, "error", "Cannot start"]);
  assertStringIncludes(error, 'PORT="x"');
});

Deno.test("without the permission to read the environment the start says how to grant it", async () => {
  const { code, stderr } = await runMain({ mayReadEnvironment: false });
  assertEquals(code, 1);
  assertMatch(
    stderr,
    /^\[ERROR\] Cannot read the environment variable .*--allow-env=PORT,HOST,MCP_\*/,
  );
  assertEquals(STACK_REGEXP.test(stderr), false);
});

Deno.test("SIGHUP ends as SIGTERM does", async () => {
  await using server = await ServerProcess.start();
  assertEquals(await server.stop("SIGHUP"), 0);
  assertMatch(server.stderr, /\[INFO\] Stopping \{"signal":"SIGHUP"/);
  assertMatch(server.stderr, /\[INFO\] Stopped /);
});

Deno.test("a port in use ends the start with 1 and says which settings help, without a stack", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  const { code, stderr } = await runMain({ args: [`--port=${port}`] });
  assertEquals(code, 1);
  assertMatch(stderr, new RegExp(`Cannot listen on 127\\.0\\.0\\.1:${port}: .*HOST and PORT`));
  assertEquals(STACK_REGEXP.test(stderr), false);
});

for (
  const [name, expected] of [
    ["missing.ts", /missing\.ts/],
    ["none.ts", /exports no tools/],
    ["bad_name.ts", /"has blanks"/],
    ["taken_name.ts", /tool "echo" is taken/],
  ] as const
) {
  Deno.test(`MCP_TOOLS=${name} stops the start with a message that says what and where`, async () => {
    const { code, stderr } = await runMain({ env: { MCP_TOOLS: `${FIXTURES}/${name}` } });
    assertEquals(code, 1);
    assertMatch(stderr, /^\[ERROR\] Cannot /);
    assertMatch(stderr, expected);
    assertStringIncludes(stderr, name);
    assertEquals(STACK_REGEXP.test(stderr), false, stderr);
  });
}

Deno.test("a module that throws while it loads stops the start, and the log says where it threw", async () => {
  const { code, stderr } = await runMain({ env: { MCP_TOOLS: `${FIXTURES}/throws.ts` } });
  assertEquals(code, 1);
  assertMatch(
    stderr,
    /\[ERROR\] Module threw while it loaded .*throws\.ts:2:\d+.*Caused by: Error: conn/,
  );
  assertMatch(stderr, /\[ERROR\] Cannot load MCP_TOOLS=.*throws\.ts\): no database at start\n/);
});

Deno.test("an export that throws when it is read is named", async () => {
  const { code, stderr } = await runMain({ env: { MCP_TOOLS: `${FIXTURES}/hostile.ts` } });
  assertEquals(code, 1);
  assertMatch(stderr, /hostile is something that throws .*TypeError: no name for you/);
});

Deno.test("MCP_BUILT_IN_TOOLS=false leaves out the built-in tools, and the server has the name it is given", async () => {
  await using server = await ServerProcess.start({
    env: {
      MCP_BUILT_IN_TOOLS: "false",
      MCP_TOOLS: `${FIXTURES}/taken_name.ts,${FIXTURES}/everything.ts`,
      MCP_SERVER_NAME: "acme",
      MCP_SERVER_TITLE: "Acme tools",
      MCP_SERVER_VERSION: "7.1",
      MCP_SERVER_INSTRUCTIONS: "Ask for the motto first",
    },
  });
  const { result } = await call(server, initializeRequest());
  assertEquals([result.serverInfo, result.instructions], [
    { name: "acme", title: "Acme tools", version: "7.1" },
    "Ask for the motto first",
  ]);
  const names = (await call(server, rpc("tools/list"))).result.tools.map((tool: { name: string }) =>
    tool.name
  );
  assertEquals([names.includes("echo"), names.includes("add")], [true, false]);
  assertEquals((await call(server, rpc("resources/list"))).result.resources.length, 2);
  const read = await call(server, rpc("resources/read", { uri: "x://a" }));
  assertEquals(read.result.contents[0].text, "a");
  assertEquals((await call(server, rpc("prompts/list"))).result.prompts[0].name, "review");
});

Deno.test("MCP_TOOLS serves a user's tools beside the built-in ones, and SIGTERM ends with 0", async () => {
  await using server = await ServerProcess.start({ env: { MCP_TOOLS: `${FIXTURES}/good.ts` } });
  const { result } = await call(server, rpc("tools/list"));
  const names = result.tools.map((tool: { name: string }) => tool.name);
  for (const name of ["echo", "add", "now", "countdown", "shout", "whisper", "hum"]) {
    assert(names.includes(name), name);
  }
  const shouted = await call(server, toolCall("shout", { text: "hello" }));
  assertEquals(shouted.result.content[0].text, "HELLO");
  assertEquals(await server.stop("SIGTERM"), 0);
  const last = server.stderr.trimEnd().split("\n").at(-1) ?? "";
  assertMatch(last, /^\S+Z \[INFO\] Stopped \{"drained":0,"cut":0,/);
});

Deno.test("a module opens a pool at the start, and closes it after the drain", async () => {
  await using server = await ServerProcess.start({ env: { MCP_TOOLS: `${FIXTURES}/pool.ts` } });
  const { result } = await call(server, toolCall("rows"));
  assertEquals(result.content[0].text, "open: true");
  assertEquals(server.stderr.includes("pool closed"), false);
  assertEquals(await server.stop("SIGTERM"), 0);
  assertStringIncludes(server.stderr, "pool closed");
});

Deno.test("over stdio a module's pool is closed when the client has gone", async () => {
  const { code, stderr } = await runMain({
    args: ["--stdio"],
    env: { MCP_TOOLS: `${FIXTURES}/pool.ts` },
  });
  assertEquals(code, 0);
  assertStringIncludes(stderr, "pool closed");
});

Deno.test("a module whose start fails stops the start with 1, and is named without a stack", async () => {
  const module = `${FIXTURES}/failing_start.ts`;
  const { code, stdout, stderr } = await runMain({ env: { PORT: "0", MCP_TOOLS: module } });
  assertEquals([code, stdout], [1, ""]);
  assertStringIncludes(stderr, `Cannot start ${module}: onStart failed: connection refused`);
  assertEquals(STACK_REGEXP.test(stderr), false);
});

Deno.test("the greeting's URLs work as they are printed", async () => {
  await using server = await ServerProcess.start();
  const [, page = ""] = await server.until(/Test page +(\S+)/);
  const response = await fetch(page);
  assertEquals([response.status, await response.text() !== ""], [200, true]);
  const events = await openPlain(server, rpc("ping", {}, "test"));
  assertEquals((await events.next())?.event, "welcome");
  assertEquals((await events.nextNamed("response")).json.id, "test");
  await events.leave();
});

Deno.test("a tool that forgets an await, or throws in a timer or a listener, ends no process", async () => {
  await using server = await ServerProcess.start({
    env: { MCP_TOOLS: `${FIXTURES}/accidents.ts` },
  });
  for (const name of ["forgotten", "later"]) {
    const { result } = await call(server, toolCall(name));
    assertEquals(result.content[0].text, "done");
  }
  await server.until(/nobody awaits this/);
  await server.until(/thrown in a timer/);
  const events = await openPlain(server, toolCall("listener"));
  await events.next();
  await events.leave();
  await server.until(/thrown in a listener/);
  assertEquals((await call(server, rpc("ping"))).result, {});
  assertEquals(await server.stop(), 0);
});

Deno.test("MCP_LOG_FORMAT=json writes JSON lines to stderr and nothing to stdout", async () => {
  const env = { MCP_LOG_FORMAT: "json" };
  await using server = await ServerProcess.start({ env }, JSON_GREETING);
  const events = await openPlain(server, rpc("ping", {}, 1));
  await events.next();
  await events.leave();
  await server.until(/Connection forcefully closed.*\n/);
  assertEquals(await server.stop(), 0);
  const lines = server.stderr.trimEnd().split("\n");
  const messages = lines.map((line) => JSON.parse(line).message);
  assertEquals(messages.slice(0, 2), ["Listening", "SSE Connection establishing"]);
  assertEquals(messages.at(-1), "Stopped");
});
