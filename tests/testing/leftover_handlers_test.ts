/** Handlers that go on after their calls were stopped. */
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { createApp, defineTool } from "../../lib/mod.ts";
import { assertNothingLeft, testClient, type TestClientOptions } from "../../lib/testing.ts";

/** A tool whose handler ends only when it is told to. */
class StubbornTool {
  readonly #started = Promise.withResolvers<void>();
  readonly #end = Promise.withResolvers<string>();
  readonly tool = defineTool({
    name: "stubborn",
    description: "Ignores that nobody waits",
    // Reading the signal makes the server watch for the client's end.
    run: (_input, { signal }) => {
      this.#started.resolve();
      return signal.aborted ? "" : this.#end.promise;
    },
  });

  get started(): Promise<void> {
    return this.#started.promise;
  }

  end(): void {
    this.#end.resolve("too late");
  }
}

const WAYS: readonly TestClientOptions[] = [
  ...(["2024-11-05", "2025-11-25", "2026-07-28"] as const).map((era) => ({ era })),
  { dialect: "plain" },
  { dialect: "stdio" },
];

/** Closes a client while the call of a stubborn tool runs. */
async function closeWhileItRuns(way: TestClientOptions): Promise<void> {
  const name = JSON.stringify(way);
  const stubborn = new StubbornTool();
  const app = createApp({ tools: [stubborn.tool], settings: { MCP_DRAIN_MS: 10 } });
  const client = await testClient(app, way);
  const stopped = assertRejects(() => client.call("stubborn"), Error);
  await stubborn.started;
  const { message } = await assertRejects(() => client.close(), Error);
  const left = /1 handlers that go on after their calls were stopped \(.* ctx\.signal\)/;
  assertMatch(message, left, name);
  await stopped;
  assertEquals(app.activity().handlers, 1, name);
  stubborn.end();
  await assertNothingLeft(app);
}

Deno.test("in every dialect, closing finds a handler that goes on although its call was stopped", async () => {
  await Promise.all(WAYS.map(closeWhileItRuns));
});

Deno.test("a handler that cleans up after its call was stopped has time for it", async () => {
  const cleanUp = Promise.withResolvers<void>();
  const tidy = defineTool({
    name: "tidy",
    description: "Cleans up",
    run: (_input, { signal }) =>
      new Promise<string>((_resolve, reject) => {
        signal.addEventListener("abort", () => cleanUp.promise.then(() => reject(signal.reason)));
      }),
  });
  const app = createApp({ tools: [tidy] });
  const client = await testClient(app, { era: "2025-11-25" });
  const controller = new AbortController();
  const call = client.call("tidy", {}, { signal: controller.signal });
  controller.abort(new Error("enough"));
  await assertRejects(() => call, Error, "enough");
  assertEquals(app.activity().handlers, 1);
  const closed = client.close();
  // More turns than all else has to be gone in.
  for (let turn = 0; turn < 60; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
  cleanUp.resolve();
  await closed;
});
