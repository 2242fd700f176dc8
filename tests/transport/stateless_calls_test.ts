/** Calls without a session: when they are answered as JSON, and when they get a stream. */
import { assertEquals } from "@std/assert";
import { rpc, testApp, toolCall } from "../helpers/app.ts";
import { EventReader } from "../helpers/sse.ts";
import { FakeTime, settled } from "../helpers/time.ts";
import { HeldTool } from "../helpers/tools.ts";

const BOTH = { accept: "application/json, text/event-stream" };
const JSON_ONLY = { accept: "application/json" };
const STREAM_ONLY = { accept: "text/event-stream" };

class Scene implements Disposable {
  readonly time = new FakeTime();
  readonly held = new HeldTool();
  readonly app = testApp({ tools: [this.held.tool], wheel: { clock: this.time.clock } });
  response: Response | undefined;

  /** Calls the held tool, and notes its response once it is there. */
  async call(headers: Record<string, string>, init: RequestInit = {}) {
    const message = toolCall("held", {}, 5);
    Object.assign(message.params as object, { _meta: { progressToken: "t" } });
    void this.app.request("/mcp", {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(message),
      ...init,
    }).then((response) => this.response = response);
    const call = await this.held.next();
    await settled();
    return call;
  }

  get type(): string | null | undefined {
    return this.response?.headers.get("content-type");
  }

  [Symbol.dispose](): void {
    this.app.stop();
    this.time[Symbol.dispose]();
  }
}

Deno.test("a call that runs for a second gets a stream, where its client takes one, and not sooner", async () => {
  using scene = new Scene();
  const call = await scene.call(BOTH);
  await scene.time.advance(975);
  assertEquals([scene.response, scene.app.ledger().opened], [undefined, 0]);
  assertEquals(scene.app.registry.admission.calls, 1);
  await scene.time.advance(75);
  assertEquals([scene.type, scene.app.ledger().opened], ["text/event-stream", 1]);
  call.finish("done");
  const events = new EventReader(scene.response!);
  const [answer, ...others] = await events.rest();
  assertEquals([answer?.json.id, answer?.json.result.content[0].text, others], [5, "done", []]);
  assertEquals(events.text.startsWith(": ping\n\n"), true);
  assertEquals(scene.app.ledger().closed.completed, 1);
});

Deno.test("a call that ends sooner is answered as JSON, and no timer is left", async () => {
  using scene = new Scene();
  const call = await scene.call(BOTH);
  await scene.time.advance(500);
  call.finish("done");
  await settled();
  assertEquals([scene.type, scene.response?.status], ["application/json", 200]);
  assertEquals((await scene.response?.json()).result.content[0].text, "done");
  await scene.time.advance(5_000, 500);
  assertEquals([scene.app.ledger().opened, scene.app.wheel.size], [0, 0]);
});

Deno.test("a client that takes JSON alone waits for it, however long the call runs", async () => {
  using scene = new Scene();
  const call = await scene.call(JSON_ONLY);
  await scene.time.advance(10_000, 500);
  assertEquals([scene.response, scene.app.ledger().opened], [undefined, 0]);
  call.finish("done");
  await settled();
  assertEquals(scene.type, "application/json");
  await scene.response?.body?.cancel();
});

Deno.test("a client that takes streams alone gets one at once", async () => {
  using scene = new Scene();
  const call = await scene.call(STREAM_ONLY);
  assertEquals([scene.type, scene.app.ledger().opened], ["text/event-stream", 1]);
  call.finish("done");
  assertEquals((await new EventReader(scene.response!).rest()).at(-1)?.json.id, 5);
});

Deno.test("a message of a call opens its stream at once, and comes before the answer", async () => {
  using scene = new Scene();
  const call = await scene.call(BOTH);
  call.ctx.progress(1, 2);
  await settled();
  assertEquals(scene.type, "text/event-stream");
  call.finish("done");
  const events = await new EventReader(scene.response!).rest();
  assertEquals(events.map(({ json }) => json.id ?? json.params.progress), [1, 5]);
});

Deno.test("while the server drains a long call gets no stream, and its answer as JSON", async () => {
  using scene = new Scene();
  const call = await scene.call(BOTH);
  void scene.app.drain(60_000);
  await scene.time.advance(2_000, 100);
  assertEquals([scene.response, scene.app.ledger().opened], [undefined, 0]);
  call.finish("done");
  await settled();
  assertEquals([scene.type, scene.response?.status], ["application/json", 200]);
  await scene.response?.body?.cancel();
});

Deno.test("a drain that cuts a call on a stream answers it with an error first", async () => {
  using scene = new Scene();
  await scene.call(STREAM_ONLY);
  void scene.app.drain(1_000);
  await scene.time.advance(3_000, 100);
  const events = await new EventReader(scene.response!).rest();
  const { id, error } = events.at(-1)?.json ?? {};
  assertEquals([id, typeof error?.code], [5, "number"]);
});

Deno.test("the client that leaves a call cancels it, on a stream and without one", async () => {
  for (const headers of [JSON_ONLY, STREAM_ONLY]) {
    using scene = new Scene();
    const leaving = new AbortController();
    const { ctx } = await scene.call(headers, { signal: leaving.signal });
    const { signal } = ctx;
    assertEquals(signal.aborted, false);
    leaving.abort();
    await settled();
    assertEquals(signal.aborted, true);
    if (headers === JSON_ONLY) assertEquals(scene.response?.status, 499);
    await scene.response?.body?.cancel().catch(() => {});
  }
});

Deno.test("calls of all forms leave no stream, no call and no timer", async () => {
  using scene = new Scene();
  for (const headers of [BOTH, JSON_ONLY, STREAM_ONLY]) {
    const response = await scene.app.post("/mcp", rpc("ping"), headers);
    assertEquals(response.status, 200);
    await response.text();
  }
  await scene.time.advance(5_000, 500);
  assertEquals([scene.app.ledger().open, scene.app.wheel.size], [0, 0]);
  assertEquals(scene.app.registry.admission.calls, 0);
});

Deno.test("the client that cancels the stream of a call cancels the call", async () => {
  using scene = new Scene();
  const { ctx: { signal } } = await scene.call(STREAM_ONLY);
  await scene.response?.body?.cancel();
  await settled();
  assertEquals([signal.aborted, scene.app.ledger().closed.client_closed], [true, 1]);
});
