/** The ends of a test client, of its calls and of the app. */
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { createApp, defineTool } from "../../lib/mod.ts";
import { assertNothingLeft, testClient } from "../../lib/testing.ts";
import { until } from "../helpers/until.ts";
import { offer, WAYS } from "./offer.ts";

Deno.test("a client that cannot connect stops no app that another one uses", async () => {
  const app = offer();
  await using client = await testClient(app);
  const second = testClient(app, { dialect: "plain", era: "2026-07-28" });
  await assertRejects(() => second, TypeError);
  assertEquals((await client.list("tools")).length, 4);
});

/** An app with a tool that runs until its call is stopped, and tells when it has begun. */
function appThatWaits() {
  const started = Promise.withResolvers<void>();
  const wait = defineTool({
    name: "wait",
    description: "Waits",
    run: async (_input, { signal }) => {
      started.resolve();
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      return "";
    },
  });
  return { app: createApp({ tools: [wait] }), started: started.promise };
}

for (const way of [{ dialect: "plain" }, { era: "2024-11-05" }] as const) {
  Deno.test(`${JSON.stringify(way)}: a call whose stream ends rejects`, async () => {
    const { app, started } = appThatWaits();
    const client = await testClient(app, { ...way, keepApp: true });
    const rejected = assertRejects(() => client.call("wait"), Error);
    await started;
    app.stop();
    assertMatch((await rejected).message, /Stream ended before the response/);
    await client.close();
  });
}

for (const [name, options] of WAYS) {
  // Over stdio a call has time to end.
  if (options.dialect !== "stdio") {
    Deno.test(`${name}: closing tells the calls that run`, async () => {
      const { app, started } = appThatWaits();
      const client = await testClient(app, options);
      const running = assertRejects(() => client.call("wait"), Error);
      await started;
      await client.close();
      const { message } = await running;
      assertEquals(message, "Test client was closed before the response to tools/call");
    });
  }

  Deno.test(`${name}: a client that is closed says so`, async () => {
    const client = await testClient(createApp(), options);
    await client.close();
    const { message } = await assertRejects(() => client.call("wait"), Error);
    assertEquals(message, "Test client is closed; it cannot send tools/call");
    await assertRejects(() => client.notify("x"), Error, "Test client is closed; it cannot send x");
    await client.close();
  });
}

Deno.test("closing the last client finds what is left in the app", async () => {
  const app = offer();
  const first = await testClient(app, { era: "2025-11-25" });
  const second = await testClient(app, { keepApp: true });
  await first.close();
  // Somebody else's stream.
  const stream = await app.fetch(
    new Request("http://localhost/mcp/sse", {
      method: "POST",
      headers: { accept: "text/event-stream" },
    }),
  );
  const error = await assertRejects(() => second.close(), Error);
  assertMatch(error.message, /^Left in the app: 1 streams, \d+ unreadBytes, 1 timers/);
  await stream.body?.cancel();
  await assertNothingLeft(app);
  app.stop();
});

Deno.test("closing the last client tells why onStop failed", async () => {
  const client = await testClient(createApp({
    onStop: () => {
      throw new Error("cannot flush");
    },
  }));
  await assertRejects(() => client.close(), Error, "onStop failed: cannot flush");
});

Deno.test("what an app holds while a session listens is told by kind", async () => {
  const app = offer();
  {
    await using _client = await testClient(app, { era: "2025-11-25" });
    const { streams, sessions, requests } = app.activity();
    assertEquals([streams, sessions, requests], [1, 1, 0]);
  }
  assertEquals(app.activity(), {
    ...{ streams: 0, sessions: 0, requests: 0, handlers: 0 },
    ...{ unreadBytes: 0, timers: 0 },
  });
});

for (const dialect of [undefined, "stdio"] as const) {
  Deno.test(`a subscription of 2026-07-28 that is cancelled leaves nothing: ${dialect ?? "HTTP"}`, async () => {
    const app = createApp();
    await using client = await testClient(app, { ...(dialect !== undefined && { dialect }) });
    const controller = new AbortController();
    const listening = client.request(
      "subscriptions/listen",
      { notifications: { toolsListChanged: true } },
      { signal: controller.signal },
    );
    const rejected = assertRejects(() => listening, Error, "enough");
    await until(() => client.notifications.length === 1);
    controller.abort(new Error("enough"));
    await rejected;
  });

  Deno.test(`a client that closes ends its subscription: ${dialect ?? "HTTP"}`, async () => {
    const app = createApp();
    const client = await testClient(app, { ...(dialect !== undefined && { dialect }) });
    const notifications = { toolsListChanged: true };
    const listening = client.request("subscriptions/listen", { notifications });
    const ended = listening.then(() => "answered", () => "rejected");
    await until(() => client.notifications.length === 1);
    await client.close();
    await ended;
  });
}
