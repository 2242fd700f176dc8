/** The end of an app that another server serves. */
import { assertEquals, assertMatch } from "@std/assert";
import { createApp } from "../../lib/mod.ts";
import { drainHosted } from "../../lib/runtime/hosted.ts";
import { StopSignals } from "../../lib/runtime/stop_signals.ts";
import { CapturedLog } from "../helpers/log.ts";

/** An app that notes its end, and has a stream open. */
async function appWithStream(settings = {}) {
  const events: string[] = [];
  const app = createApp({ onStop: () => void events.push("onStop"), settings });
  const stream = await app.fetch(
    new Request("http://localhost/mcp/sse", {
      method: "POST",
      headers: { accept: "text/event-stream" },
    }),
  );
  return { app, events, stream };
}

Deno.test("drainHosted() waits for a signal, drains the app, then has its server shut down", async () => {
  using log = new CapturedLog();
  const { app, events, stream } = await appWithStream();
  const signals = new StopSignals();
  const shutdown = () => void events.push("shutdown");
  const drained = drainHosted(app, shutdown, signals);
  const isReady = await app.fetch(new Request("http://localhost/readyz"));
  assertEquals([isReady.status, events], [200, []]);
  await isReady.body?.cancel();
  signals.stop("SIGTERM");
  await drained;
  assertEquals(events, ["onStop", "shutdown"]);
  assertMatch(await stream.text(), /"reason":"drain"/);
  assertEquals(log.of("Stopping")[0]?.fields.signal, "SIGTERM");
  assertEquals(log.of("Stopped")[0]?.fields.drained, 1);
});

Deno.test("drainHosted() logs a shutdown that fails, and the app stops all the same", async () => {
  using log = new CapturedLog();
  const failure = () => {
    throw new Error("the port is gone");
  };
  for (const shutdown of [failure, () => Promise.reject(new Error("the port is gone"))]) {
    const { app, events, stream } = await appWithStream();
    const signals = new StopSignals();
    const drained = drainHosted(app, shutdown, signals);
    signals.stop("SIGTERM");
    await drained;
    assertEquals(events, ["onStop"]);
    assertMatch(await stream.text(), /"reason":"drain"/);
  }
  const failures = log.of("shutdown() of drainOnSignal() failed");
  assertEquals(failures.map(({ fields }) => fields.error), Array(2).fill("the port is gone"));
});

Deno.test("drainHosted() without a shutdown waits until streams are read, and not for a stalled reader", async () => {
  using _log = new CapturedLog();
  for (const isRead of [true, false]) {
    const { app, events, stream } = await appWithStream({ MCP_DRAIN_MS: isRead ? 600_000 : 20 });
    const signals = new StopSignals();
    const drained = drainHosted(app, undefined, signals);
    signals.stop("SIGINT");
    if (isRead) assertMatch(await stream.text(), /"reason":"drain"/);
    await drained;
    assertEquals(events, ["onStop"]);
    if (!isRead) await stream.body?.cancel().catch(() => {});
  }
});
