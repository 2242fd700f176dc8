import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { initializeRequest } from "../helpers/app.ts";
import { specApp } from "./support/fixtures.ts";
import { assertMessage } from "./support/json_rpc.ts";
import { LEGACY } from "./support/legacy_client.ts";
import { modernBody } from "./support/modern.ts";
import { ALL_CAPABILITIES } from "./support/modern_tour.ts";
import { PipeClient, speakToProcess } from "./support/stdio_client.ts";

const TEXT = 'one\ntwo\r\nthree\rfour\u2028five\u2029{"jsonrpc":"2.0"}\n\n世界';
const SUBSCRIPTION_ID = "io.modelcontextprotocol/subscriptionId";

Deno.test("stdio: each line of stdout is one message without a line break in it", async () => {
  const lines = [
    initializeRequest("2025-11-25"),
    { jsonrpc: "2.0", method: "notifications/initialized" },
    legacyCall("echo", { message: TEXT }, TEXT),
    modernBody("tools/call", { name: "echo", arguments: { message: TEXT } }, { id: "modern" }),
    modernBody("no/such", {}, { id: "unknown" }),
  ].map((message) => JSON.stringify(message));
  const { code, stdout } = await speakToProcess([...lines, "", "{", "[]", '"text"']);
  assertEquals([code, stdout.at(-1)], [0, "\n"]);
  const written = stdout.slice(0, -1).split("\n");
  const messages = written.map((line) => JSON.parse(line));
  for (const message of messages) assertMessage(message);
  assertEquals(messages.length, 7);
  for (const id of [TEXT, "modern"]) {
    const { result } = messages.find((message) => message.id === id);
    assertEquals(result.content[0].text, TEXT);
  }
  assertEquals(written.filter((line) => line.includes("\r")), []);
});

Deno.test("stdio: nothing but messages goes to stdout, logs go to stderr", async () => {
  const { code, stdout, stderr } = await speakToProcess([
    JSON.stringify(initializeRequest("2025-11-25")),
    JSON.stringify(legacyCall("noisy", {}, "call")),
    "not a message",
  ], {
    MCP_LOG_LEVEL: "debug",
    MCP_TOOLS: new URL("support/noisy_tools.ts", import.meta.url).pathname,
  });
  assertEquals(code, 0);
  const messages = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  for (const message of messages) assertMessage(message);
  assertEquals(messages.map(({ id }) => id).sort(), ["call", "initialize", null].sort());
  const call = messages.find(({ id }) => id === "call");
  assertEquals(call.result.content[0].text, "heard hello");
  for (
    const noise of [
      "loading",
      "console",
      "node:console",
      "Console(process.stdout)",
      "process.stdout",
      "Deno.stdout",
      "worker console",
      "worker stdout",
      "worker message",
    ]
  ) assertStringIncludes(stderr, `NOISE ${noise}\n`);
});

Deno.test("stdio: a client of each revision initializes and is served", async () => {
  for (const version of LEGACY) {
    using app = specApp();
    await using client = new PipeClient(app);
    const welcome = await client.request(initializeRequest(version));
    assertEquals(welcome.result.protocolVersion, version);
    const { result } = await client.request(legacyCall("echo", { message: "x" }, 1));
    assertEquals(result.content[0].text, "x");
  }
});

Deno.test("stdio: a batch is answered in a session of 2025-03-26", async () => {
  using app = specApp();
  await using client = new PipeClient(app);
  await client.request(initializeRequest("2025-03-26"));
  await client.send([
    { jsonrpc: "2.0", id: 1, method: "ping" },
    { jsonrpc: "2.0", method: "notifications/initialized" },
    legacyCall("echo", { message: "x" }, 2),
  ]);
  const answers = await client.inbox.find("batch", Array.isArray);
  for (const answer of answers) assertMessage(answer);
  assertEquals(answers.map(({ id }: { id: number }) => id).sort(), [1, 2]);
});

Deno.test("stdio: a batch is refused in every other revision", async () => {
  for (const version of LEGACY.filter((each) => each !== "2025-03-26")) {
    using app = specApp();
    await using client = new PipeClient(app);
    await client.request(initializeRequest(version));
    await client.send([{ jsonrpc: "2.0", id: 1, method: "ping" }]);
    const { error } = await client.inbox.find("error", (message) => "error" in message);
    assertEquals(error.code, -32600);
  }
});

Deno.test("stdio: 2026-07-28 asks by input_required, never by a request", async () => {
  using app = specApp();
  await using client = new PipeClient(app);
  for (const name of ["ask", "ask_all", "sample", "roots"]) {
    const call = modernBody("tools/call", { name }, { id: name, capabilities: ALL_CAPABILITIES });
    assertEquals((await client.request(call)).result.resultType, "input_required", name);
  }
  assertEquals(client.inbox.messages.filter(({ method, id }) => method && id !== undefined), []);
});

Deno.test("stdio: nothing more is sent for a cancelled request", async () => {
  using app = specApp();
  await using client = new PipeClient(app);
  const meta = { progressToken: "p", "io.modelcontextprotocol/logLevel": "debug" };
  await client.send(modernBody("tools/call", { name: "wait" }, { id: "call", meta }));
  const context = await app.gate.entered();
  context.progress(1);
  await client.inbox.method("notifications/progress");
  await client.send({
    jsonrpc: "2.0",
    method: "notifications/cancelled",
    params: { requestId: "call" },
  });
  await client.request(modernBody("server/discover", {}, { id: "after" }));
  assert(context.signal.aborted);
  context.progress(2);
  context.log.error("late");
  app.gate.open();
  await client.request(modernBody("server/discover", {}, { id: "last" }));
  const said = client.inbox.messages.map(({ id, method }) => id ?? method);
  assertEquals(said, ["notifications/progress", "after", "last"]);
});

Deno.test("stdio: 2026-07-28 acknowledges a subscription before it tells anything of it", async () => {
  using app = specApp();
  {
    await using client = new PipeClient(app);
    const notifications = { toolsListChanged: true };
    await client.send(modernBody("subscriptions/listen", { notifications }, { id: "mine" }));
    await client.inbox.method("notifications/subscriptions/acknowledged");
    app.catalog.tools.remove("fail");
    app.catalog.prompts.remove("media");
    await client.inbox.method("notifications/tools/list_changed");
    const told = client.inbox.messages;
    assertEquals(told.map(({ params }) => params._meta[SUBSCRIPTION_ID]), ["mine", "mine"]);
    assertEquals(told[0].method, "notifications/subscriptions/acknowledged");
  }
});

function legacyCall(name: string, args: Record<string, unknown>, id: string | number) {
  return { jsonrpc: "2.0", id, method: "tools/call", params: { name, arguments: args } };
}
