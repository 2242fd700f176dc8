import { assert, assertEquals } from "@std/assert";
import { defineTool } from "../../lib/registry/tool.ts";
import { CapturedLog } from "../helpers/log.ts";
import { eachRevision } from "./support/each_revision.ts";
import { specApp } from "./support/fixtures.ts";
import { connect } from "./support/legacy_client.ts";
import { grant, TRUSTING } from "./support/tour.ts";

Deno.test("a cancellation by the server names its own request that is still open", async (t) => {
  const silent = { ...TRUSTING, answer: () => undefined };
  await eachRevision(t, silent, async (_app, client) => {
    const post = client.post({
      jsonrpc: "2.0",
      id: "call",
      method: "tools/call",
      params: { name: "sample" },
    });
    void post.then((response) => client.take(response));
    const asked = await client.inbox.method("sampling/createMessage");
    await client.notify("notifications/cancelled", { requestId: "call" });
    const { params } = await client.inbox.method("notifications/cancelled");
    assertEquals(params.requestId, asked.id);
  });
});

Deno.test("no request that was answered is ever cancelled by the server", async (t) => {
  await eachRevision(t, TRUSTING, async (_app, client) => {
    await client.request("tools/call", { name: "sample" }, "call");
    await client.notify("notifications/cancelled", { requestId: "call" });
    await client.request("ping");
    assertEquals(client.inbox.named("notifications/cancelled"), []);
  });
});

Deno.test("a cancellation that comes too late or names nothing changes nothing", async (t) => {
  await eachRevision(t, {}, async (_app, client) => {
    const call = { name: "echo", arguments: { message: "x" } };
    await client.request("tools/call", call, "done");
    for (const requestId of ["done", "never sent", 0, null, {}, undefined]) {
      await client.notify("notifications/cancelled", { requestId });
    }
    const before = client.inbox.messages.length;
    assertEquals((await client.request("tools/call", call, "done")).result.isError, undefined);
    assertEquals(client.inbox.messages.length, before + 1);
  });
});

Deno.test("progress carries the token of the request that runs", async (t) => {
  for (const progressToken of ["p", "", 0, 7]) {
    await eachRevision(t, {}, async (_app, client) => {
      await client.request("tools/call", { name: "report", _meta: { progressToken } });
      const tokens = client.inbox.named("notifications/progress").map(({ params }) =>
        params.progressToken
      );
      assertEquals(tokens, [progressToken, progressToken, progressToken]);
    });
  }
});

Deno.test("progress grows with each notification, whatever the tool reports", async (t) => {
  const steps = [1, 1, 0.5, 2, 2, -3, 2.25, 10, 9];
  await eachRevision(t, {}, async (_app, client) => {
    const params = { name: "report", arguments: { steps }, _meta: { progressToken: "p" } };
    await client.request("tools/call", params);
    const values = client.inbox.named("notifications/progress").map((each) => each.params.progress);
    assertEquals(values, [1, 2, 2.25, 10]);
  });
});

Deno.test("without a usable progress token there is no progress notification", async (t) => {
  await eachRevision(t, {}, async (_app, client) => {
    await client.request("tools/call", { name: "report" });
    for (const progressToken of [null, 1.5, {}, [], true]) {
      await client.request("tools/call", { name: "report", _meta: { progressToken } });
    }
    assertEquals(client.inbox.named("notifications/progress"), []);
  });
});

Deno.test("no progress is sent after the response", async (t) => {
  await eachRevision(t, {}, async (app, client) => {
    let late: (() => void) | undefined;
    app.catalog.tools.add(defineTool({
      name: "hasty",
      description: "Answers before it is done",
      run: (_input, { progress, log }) => {
        progress(1);
        late = () => [progress(2), log.error("late")];
        return "answered";
      },
    }));
    await client.listen();
    await client.request("tools/call", { name: "hasty", _meta: { progressToken: "p" } });
    assert(late !== undefined);
    late();
    await client.request("ping");
    const values = client.inbox.named("notifications/progress").map((each) => each.params.progress);
    assertEquals([values, client.inbox.named("notifications/message")], [[1], []]);
  });
});

Deno.test("calls beyond the limit in flight are refused, not queued", async () => {
  using app = specApp({ settings: { MCP_MAX_REQUESTS_PER_CONNECTION: 2 } });
  await using client = await connect(app);
  const running = [1, 2].map((id) => client.request("tools/call", { name: "wait" }, id));
  await app.gate.entered();
  const refused = await client.request("tools/call", { name: "wait" }, "third");
  assertEquals([refused.error.code, app.gate.contexts.length], [-32603, 2]);
  app.gate.open();
  const results = await Promise.all(running);
  assertEquals(results.map(({ result }) => result.content[0].text), ["done", "done"]);
});

Deno.test("completions beyond the limit in flight are refused", async () => {
  using app = specApp({ settings: { MCP_MAX_REQUESTS_PER_CONNECTION: 1 } });
  await using client = await connect(app);
  const running = client.request("tools/call", { name: "wait" });
  await app.gate.entered();
  const refused = await client.request("completion/complete", {
    ref: { type: "ref/prompt", name: "travel" },
    argument: { name: "city", value: "city-1" },
  });
  assertEquals(refused.error.code, -32603);
  app.gate.open();
  await running;
});

Deno.test("log messages to the client hold what the tool logs and nothing of the request", async () => {
  using app = specApp({ settings: { MCP_ADMIN_TOKEN: "admin-secret-0123456789" } });
  await using client = await connect(app, { ...TRUSTING, version: "2025-11-25" });
  await client.request("logging/setLevel", { level: "debug" });
  const params = { name: "log_all", arguments: { password: "argument-secret" } };
  const call = { jsonrpc: "2.0", id: "call", method: "tools/call", params };
  await client.take(await client.post(call, { authorization: "Bearer header-secret" }));
  await client.inbox.response("call");
  const logged = client.inbox.named("notifications/message");
  assertEquals(logged.length, 8);
  assert(!JSON.stringify(client.inbox.messages).includes("secret"));
});

Deno.test("the server's log holds nothing of what was sampled or elicited", async () => {
  using log = new CapturedLog();
  {
    using app = specApp();
    const answer = (request: unknown) => ({
      result: JSON.parse(JSON.stringify(grant(request)).replaceAll(/Hi|Ada/g, "reply-secret")),
    });
    await using client = await connect(app, { ...TRUSTING, answer });
    for (const name of ["sample", "ask", "ask_url"]) {
      const args = name === "sample" ? { secret: "question-secret" } : {};
      const { result } = await client.request("tools/call", { name, arguments: args });
      assertEquals(result.isError, undefined);
    }
  }
  assert(log.lines.length > 0);
  assertEquals(log.lines.filter((line) => line.includes("secret")), []);
});
