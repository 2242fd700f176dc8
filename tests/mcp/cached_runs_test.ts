/** `cacheResults()`: calls that ask for the same at the same time, and who shares a result. */
import { assertEquals, assertRejects } from "@std/assert";
import * as z from "zod";
import { cacheResults, createApp, defineTool } from "../../lib/mod.ts";
import { type TestClient, testClient } from "../../lib/testing.ts";

/** A tool whose runs end when the test lets them, behind a cache. */
class Scene {
  runs = 0;
  readonly #turns: PromiseWithResolvers<void>[] = [];
  readonly app;

  /** @param signals whether a run ends when its call is stopped */
  constructor({ isShared = false, signals = true } = {}) {
    const slow = defineTool({
      name: "slow",
      description: "Runs until it is let go",
      input: z.object({ of: z.string().optional() }),
      run: async (_input, { signal, progress }) => {
        const run = ++this.runs;
        const turn = Promise.withResolvers<void>();
        if (signals) signal.addEventListener("abort", () => turn.reject(signal.reason));
        this.#turns.push(turn);
        await turn.promise;
        progress(run);
        return `run ${run}`;
      },
    });
    const use = [cacheResults({ tools: ["slow"], ttlMs: 1_000, isShared })];
    this.app = createApp({ tools: [slow], use });
  }

  /** Waits until so many runs have begun. */
  async begun(count: number): Promise<void> {
    while (this.runs < count) await turn();
  }

  /** Ends a run. */
  end(run: number, error?: Error): void {
    const turn = this.#turns[run - 1]!;
    if (error === undefined) turn.resolve();
    else turn.reject(error);
  }
}

const turn = () => new Promise<void>((resolve) => setTimeout(resolve));

/** Lets calls come as far as they can. */
async function settle(): Promise<void> {
  for (let round = 0; round < 10; round++) await turn();
}

async function textOf(result: ReturnType<TestClient["call"]>): Promise<string> {
  const { content: [block] } = await result;
  return block?.type === "text" ? block.text : "no text";
}

Deno.test("calls that ask a cached tool for the same at the same time share one run", async () => {
  const scene = new Scene();
  await using client = await testClient(scene.app);
  const same = [client.call("slow"), client.call("slow"), client.call("slow")];
  const other = client.call("slow", { of: "another" });
  await scene.begun(2);
  await settle();
  scene.end(1);
  scene.end(2);
  assertEquals(await Promise.all(same.map(textOf)), ["run 1", "run 1", "run 1"]);
  assertEquals(await textOf(other), "run 2");
  assertEquals(await textOf(client.call("slow")), "run 1");
  assertEquals(scene.runs, 2);
});

Deno.test("progress of a shared run goes to all its callers", async () => {
  const scene = new Scene();
  await using first = await testClient(scene.app);
  await using second = await testClient(scene.app);
  const calls = [first.call("slow")];
  await scene.begun(1);
  calls.push(second.call("slow"));
  await settle();
  scene.end(1);
  await Promise.all(calls);
  assertEquals([first.progress, second.progress], [[{ progress: 1 }], [{ progress: 1 }]]);
});

Deno.test("a run that fails does not fail the calls that waited for it", async () => {
  const scene = new Scene();
  await using client = await testClient(scene.app);
  const calls = [client.call("slow"), client.call("slow"), client.call("slow")];
  await scene.begun(1);
  await settle();
  scene.end(1, new Error("broken"));
  await scene.begun(3);
  scene.end(2);
  scene.end(3);
  assertEquals(await Promise.all(calls.map(textOf)), ["broken", "run 2", "run 3"]);
});

for (const signals of [true, false]) {
  const kind = signals ? "ends" : "goes on all the same";
  Deno.test(`a caller that cancels a run which ${kind} leaves the others one run of theirs`, async () => {
    const scene = new Scene({ signals });
    await using client = await testClient(scene.app);
    const controller = new AbortController();
    const first = client.call("slow", {}, { signal: controller.signal });
    const rejected = assertRejects(() => first, Error, "enough");
    await scene.begun(1);
    const others = [client.call("slow"), client.call("slow")];
    await settle();
    controller.abort(new Error("enough"));
    await rejected;
    await scene.begun(2);
    await settle();
    scene.end(2);
    assertEquals(await Promise.all(others.map(textOf)), ["run 2", "run 2"]);
    assertEquals(scene.runs, 2);
    scene.end(1);
  });
}

Deno.test("a caller that cancels while it waits for another's run stops nothing", async () => {
  const scene = new Scene();
  await using client = await testClient(scene.app);
  const first = client.call("slow");
  await scene.begun(1);
  const controller = new AbortController();
  const second = client.call("slow", {}, { signal: controller.signal });
  await settle();
  controller.abort(new Error("enough"));
  await assertRejects(() => second, Error, "enough");
  scene.end(1);
  assertEquals(await textOf(first), "run 1");
});

Deno.test("callers share a run only if they may share its result", async () => {
  for (const isShared of [false, true]) {
    const scene = new Scene({ isShared });
    await using one = await testClient(scene.app, { peer: { address: "10.0.0.1" } });
    await using two = await testClient(scene.app, { peer: { address: "10.0.0.2" } });
    const calls = [one.call("slow")];
    await scene.begun(1);
    calls.push(two.call("slow"));
    if (!isShared) await scene.begun(2);
    await settle();
    scene.end(1);
    if (!isShared) scene.end(2);
    const texts = await Promise.all(calls.map(textOf));
    assertEquals(texts, isShared ? ["run 1", "run 1"] : ["run 1", "run 2"]);
  }
});

Deno.test("two tokens of one caller share no result if they allow different things", async () => {
  const tokens: Readonly<Record<string, { scopes: string[]; claims: Record<string, unknown> }>> = {
    reader: { scopes: ["read"], claims: { exp: 1, jti: "a" } },
    renewed: { scopes: ["read"], claims: { exp: 2, jti: "b" } },
    writer: { scopes: ["write", "read"], claims: { exp: 1 } },
    swapped: { scopes: ["read", "write"], claims: { exp: 1 } },
    tenant: { scopes: ["read"], claims: { exp: 1, tenant: "x" } },
  };
  let runs = 0;
  const mine = defineTool({
    name: "mine",
    description: "Tells what its caller may see",
    run: () => `run ${++runs}`,
  });
  const app = createApp({
    tools: [mine],
    use: [cacheResults({ tools: ["mine"], ttlMs: 60_000 })],
    auth: { verify: (token) => ({ subject: "ada", ...tokens[token]! }) },
  });
  const results: Record<string, string> = {};
  for (const token of Object.keys(tokens)) {
    const headers = { authorization: `Bearer ${token}` };
    await using client = await testClient(app, { headers, keepApp: true });
    results[token] = await textOf(client.call("mine"));
  }
  assertEquals(results, {
    reader: "run 1",
    renewed: "run 1",
    writer: "run 2",
    swapped: "run 2",
    tenant: "run 3",
  });
  app.stop();
});
