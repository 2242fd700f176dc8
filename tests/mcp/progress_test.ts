/** The messages that a running call may send to its client, and when. */
import { assertEquals } from "@std/assert";
import { type PlainClient, rpc, testApp, toolCall } from "../helpers/app.ts";
import { HeldTool, toolThat } from "../helpers/tools.ts";

/** The names of the events up to and with the response to a last ping. */
async function eventsUpToPing({ events, send }: PlainClient): Promise<string[]> {
  await send(rpc("ping", {}, "last"));
  const names: string[] = [];
  for (let event = await events.next(); event !== undefined; event = await events.next()) {
    names.push(`${event.event} ${event.json.id ?? event.json.method}`);
    if (event.json.id === "last") break;
  }
  return names;
}

/** A call with a progress token. */
function withToken(token: unknown): Record<string, unknown> {
  return rpc("tools/call", { name: "subject", arguments: {}, _meta: { progressToken: token } }, 1);
}

Deno.test("progress is sent only where the client gave a token, and with that token", async () => {
  using app = testApp({ tools: [toolThat(({ progress }) => void progress(1))] });
  for (const [token, sent] of [["t", 1], [0, 1], ["", 1], [7, 1], [1.5, 0], [null, 0], [{}, 0]]) {
    const client = await app.open(withToken(token));
    const first = await client.events.next();
    assertEquals(first?.json.params?.progressToken, sent === 1 ? token : undefined);
    assertEquals(first?.event, sent === 1 ? "message" : "response");
    await client.events.leave();
  }
  const client = await app.open(rpc("tools/call", { name: "subject" }, 1));
  assertEquals((await client.events.next())?.event, "response");
  await client.events.leave();
});

Deno.test("progress goes up: a value that does not is not sent", async () => {
  using app = testApp({
    tools: [toolThat(({ progress }) => {
      for (const value of [0, 0, 1, 0.5, 1, 2, NaN, -Infinity, 3]) progress(value);
      return "done";
    })],
  });
  const client = await app.open(withToken("t"));
  const values: unknown[] = [];
  for (
    let event = await client.events.next();
    event?.event === "message";
    event = await client.events.next()
  ) values.push(event.json.params.progress);
  assertEquals(values, [0, 1, 2, 3]);
  await client.events.leave();
});

Deno.test("no progress and no log message is sent once the call is answered", async () => {
  const held = new HeldTool();
  using app = testApp({ tools: [held.tool] });
  const call = toolCall("held", {}, 1);
  Object.assign(call.params as object, { _meta: { progressToken: 1 } });
  const client = await app.open(call);
  const { ctx, finish } = await held.next();
  ctx.progress(1);
  finish("done");
  await client.events.nextNamed("response");
  ctx.progress(2);
  ctx.log.emergency("late");
  assertEquals(await eventsUpToPing(client), ["response last"]);
  assertEquals(ctx.signal.aborted, false);
  await client.events.leave();
});

Deno.test("the context's functions work when they are taken out of it", async () => {
  let seen: unknown[] = [];
  using app = testApp({
    tools: [toolThat(({ progress, log, signal, connectionId, caller }) => {
      const { info } = log;
      progress(1);
      info("told");
      seen = [signal instanceof AbortSignal, signal.aborted, typeof connectionId, caller.address];
      return "done";
    })],
  });
  const client = await app.open(withToken("t"));
  const events = [await client.events.next(), await client.events.next()];
  assertEquals(events.map((event) => event?.json.method), [
    "notifications/progress",
    "notifications/message",
  ]);
  await client.events.nextNamed("response");
  assertEquals(seen, [true, false, "string", "127.0.0.1"]);
  await client.events.leave();
});
