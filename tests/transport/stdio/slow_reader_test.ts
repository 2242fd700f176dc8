/** A client at the other end of a pipe that reads slowly. */
import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { initializeRequest, rpc, testApp } from "../../helpers/app.ts";
import { TestPipe } from "../../helpers/pipe.ts";
import { settled } from "../../helpers/time.ts";
import { HeldTool, toolThat } from "../../helpers/tools.ts";
import { modernBody } from "../../spec/support/modern.ts";

async function start(settings = {}) {
  const held = new HeldTool();
  const app = testApp({
    tools: [held.tool],
    settings: { MCP_MAX_QUEUED_BYTES: 4_096, ...settings },
  });
  const pipe = new TestPipe({ isSlow: true });
  const speaking = app.speak(pipe);
  const end = async () => {
    await pipe.readOn();
    await pipe.close();
    await speaking;
    app.stop();
  };
  await pipe.say(initializeRequest("2025-11-25", { id: 0 }));
  return { app, pipe, held, speaking, end };
}

const isChange = ({ method }: { method?: string }) => method === "notifications/tools/list_changed";

Deno.test("stdio: a client that reads slowly gets all answers, the newest progress and the last change", async () => {
  const { app, pipe, held, end } = await start();
  const call = rpc("tools/call", { name: "held", arguments: {}, _meta: { progressToken: 1 } }, 1);
  await pipe.say(call);
  const running = await held.next();
  for (let number = 1; number <= 200; number++) {
    running.ctx.progress(number);
    app.catalog.tools.add(toolThat(() => "", `tool-${number}`));
    await settled();
  }
  for (let id = 10; id < 15; id++) await pipe.say(rpc("ping", {}, id));
  await pipe.readOn();
  const progress = pipe.lines.flatMap(({ params }) => params?.progress ?? []);
  assertEquals(progress.at(-1), 200);
  assertLess(progress.length, 100);
  assert(pipe.lines.slice(-2).some(isChange));
  running.finish("done");
  await end();
  assertEquals(pipe.lines.filter(({ result }) => result).map(({ id }) => id), [
    0,
    10,
    11,
    12,
    13,
    14,
    1,
  ]);
});

Deno.test("stdio: progress that was held back does not come after its answer", async () => {
  const { pipe, held, end } = await start();
  const call = rpc("tools/call", { name: "held", arguments: {}, _meta: { progressToken: 1 } }, 1);
  await pipe.say(call);
  const running = await held.next();
  for (let number = 1; number <= 200; number++) running.ctx.progress(number);
  running.finish("done");
  await settled();
  await end();
  const answerAt = pipe.lines.findIndex(({ id }) => id === 1);
  const progressAt = pipe.lines.findLastIndex(({ params }) => params?.progress !== undefined);
  assertGreater(answerAt, progressAt);
  assertLess(pipe.lines[progressAt].params.progress, 200);
});

Deno.test("stdio: subscriptions on one slow pipe each hear of the last change, before their end", async () => {
  const { app, pipe, end } = await start();
  const listen = (id: number) =>
    modernBody("subscriptions/listen", { notifications: { toolsListChanged: true } }, { id });
  await pipe.say(listen(7));
  await pipe.say(listen(8));
  for (let number = 0; number < 100; number++) {
    app.catalog.tools.add(toolThat(() => "", `tool-${number}`));
    await settled();
  }
  assertLess(pipe.lines.filter(isChange).length, 100);
  const before = pipe.lines.length;
  pipe.stopReading();
  await end();
  const key = "io.modelcontextprotocol/subscriptionId";
  for (const id of [7, 8]) {
    const endAt = pipe.lines.findIndex((line) => line.id === id);
    const lastAt = pipe.lines.findLastIndex((line) =>
      isChange(line) && line.params?._meta?.[key] === id
    );
    assertGreater(lastAt, before - 1);
    assertGreater(endAt, lastAt);
  }
});

Deno.test("stdio: what waits for a client that never reads stays below the limit", async () => {
  const { app, pipe, end } = await start();
  await pipe.readOn();
  for (let number = 0; number < 100; number++) {
    await pipe.say(rpc("resources/subscribe", { uri: uriOf(number) }, `s${number}`));
  }
  const before = pipe.lines.length;
  pipe.stopReading();
  for (let round = 0; round < 20; round++) {
    for (let number = 0; number < 100; number++) app.catalog.resourceUpdated(uriOf(number));
    await settled();
  }
  await pipe.readOn();
  const updates = pipe.lines.slice(before).filter(({ method }) =>
    method === "notifications/resources/updated"
  );
  assertLess(JSON.stringify(updates).length, 2 * 4_096);
  await end();
});

Deno.test("stdio: a client that never reads, and is owed more changes than may wait, is served no more", async () => {
  const { app, pipe, held, end } = await start();
  await pipe.readOn();
  for (let number = 0; number < 100; number++) {
    await pipe.say(rpc("resources/subscribe", { uri: uriOf(number) }, `s${number}`));
  }
  pipe.stopReading();
  const before = pipe.lines.length;
  for (let round = 0; round < 20; round++) {
    for (let number = 0; number < 100; number++) app.catalog.resourceUpdated(uriOf(number));
    await settled();
  }
  await pipe.say(rpc("tools/call", { name: "held", arguments: {} }, "late"));
  await pipe.say(rpc("ping", {}, "later"));
  await end();
  const answered = pipe.lines.slice(before).map(({ id }) => id).filter((id) => id !== undefined);
  assertEquals([answered, held.calls.length], [[], 0]);
});

/** The sentences of the document that the tests after it prove. */
const SENTENCES =
  "Above `MCP_MAX_QUEUED_BYTES` Lifeline reads no further input until the reader has caught up. It " +
  "ends the connection if there is no room for a change that must not be lost.";

Deno.test("stdio: docs/connections.md says what happens to a client that reads too slowly", async () => {
  const page = await Deno.readTextFile(new URL("../../../docs/connections.md", import.meta.url));
  assert(page.replaceAll(/\s+/g, " ").includes(SENTENCES));
});

Deno.test("stdio: above the limit no input is read until the reader has caught up", async () => {
  const { pipe, held, end } = await start();
  await pipe.readOn();
  pipe.stopReading();
  await pipe.say(rpc("no/such/method", {}, "x".repeat(5_000)));
  await pipe.say(rpc("tools/call", { name: "held", arguments: {} }, 1));
  assertEquals(held.calls.length, 0);
  await pipe.readOn();
  (await held.next()).finish("done");
  await end();
  assertEquals(pipe.lines.at(-1)?.result.content[0].text, "done");
});

Deno.test("stdio: the connection ends when there is no room for a change, although its input is open", async () => {
  const { app, pipe, speaking } = await start();
  await pipe.readOn();
  for (let number = 0; number < 100; number++) {
    await pipe.say(rpc("resources/subscribe", { uri: uriOf(number) }, `s${number}`));
  }
  pipe.stopReading();
  for (let number = 0; number < 100; number++) app.catalog.resourceUpdated(uriOf(number));
  await speaking;
  app.stop();
});

Deno.test("stdio: the connection ends when its reader is gone, although its input is open", async () => {
  const { app, pipe, speaking } = await start();
  await pipe.readOn();
  pipe.breakOff();
  app.catalog.tools.add(toolThat(() => "", "added"));
  await speaking;
  app.stop();
});

Deno.test("stdio: a change that waits behind one answer comes once that is read", async () => {
  const { app, pipe, end } = await start();
  await pipe.readOn();
  pipe.stopReading();
  await pipe.say(rpc("ping", {}, "y".repeat(900)));
  app.catalog.tools.add(toolThat(() => "", "added"));
  await settled();
  assertEquals(pipe.lines.filter(isChange), []);
  await pipe.readOn();
  assertEquals(pipe.lines.filter(isChange).length, 1);
  await end();
});

Deno.test("stdio: what waits when the input ends comes before the end of a subscription", async () => {
  const { app, pipe, end } = await start();
  const notifications = { toolsListChanged: true };
  await pipe.say(modernBody("subscriptions/listen", { notifications }, { id: 7 }));
  for (let number = 0; number < 100; number++) {
    app.catalog.tools.add(toolThat(() => "", `tool-${number}`));
    await settled();
  }
  const before = pipe.lines.length;
  await pipe.close();
  await settled();
  await end();
  const rest = pipe.lines.slice(before).filter((line) => line.id === 7 || isChange(line));
  assertEquals(rest.map(({ id, method }) => id ?? method).slice(-2), [
    "notifications/tools/list_changed",
    7,
  ]);
});

function uriOf(number: number): string {
  return `test://${"x".repeat(100)}/${number}`;
}
