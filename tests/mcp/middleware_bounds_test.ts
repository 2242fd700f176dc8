/** What clients may have ready-made middleware keep. */
import { assertEquals, assertMatch } from "@std/assert";
import * as z from "zod";
import {
  cacheResults,
  defineTool,
  limitOutput,
  type Middleware,
  rateLimit,
} from "../../lib/mod.ts";
import { initializeRequest, rpc, type TestApp, testApp, toolCall } from "../helpers/app.ts";

/** An app whose tool returns the number of its runs, and as much text as it is told to. */
class Scene implements Disposable {
  readonly app: TestApp;
  runs = 0;

  constructor(middleware: Middleware) {
    const write = defineTool({
      name: "write",
      description: "Writes",
      input: z.object({ text: z.string(), length: z.number().default(0) }),
      run: ({ length }) => `run ${++this.runs}${"-".repeat(length)}`,
    });
    this.app = testApp({ tools: [write], use: [middleware] });
  }

  async call(text: string, length = 0): Promise<string> {
    const response = await this.app.post("/mcp", toolCall("write", { text, length }));
    return (await response.json()).result.content[0].text.replaceAll("-", "");
  }

  /** Calls a tool by another name, and gives the message of the error. */
  async callUnknown(name: string): Promise<string> {
    return (await (await this.app.post("/mcp", toolCall(name))).json()).error.message;
  }

  [Symbol.dispose](): void {
    this.app.stop();
  }
}

const cache = (maxCharacters: number) =>
  cacheResults({ tools: ["write"], ttlMs: 1_000, maxCharacters, clock: () => 0 });

Deno.test("cacheResults() keeps so many characters of results, the unused ones go first", async () => {
  using scene = new Scene(cache(3_000));
  for (const text of ["a", "b", "a", "c"]) await scene.call(text, 1_000);
  assertEquals(await scene.call("a", 1_000), "run 1");
  assertEquals(await scene.call("c", 1_000), "run 3");
  assertEquals(await scene.call("b", 1_000), "run 4");
});

Deno.test("cacheResults() counts arguments, too, as a client chooses their size", async () => {
  using scene = new Scene(cache(3_000));
  for (const text of ["a", "b", "c"]) await scene.call(text.repeat(1_000));
  assertEquals(await scene.call("c".repeat(1_000)), "run 3");
  assertEquals(await scene.call("a".repeat(1_000)), "run 4");
});

Deno.test("cacheResults() does not keep what is larger than all it may keep, and drops nothing for it", async () => {
  using scene = new Scene(cache(1_000));
  await scene.call("a");
  assertEquals([await scene.call("b", 2_000), await scene.call("b", 2_000)], ["run 2", "run 3"]);
  assertEquals(await scene.call("a"), "run 1");
});

Deno.test("rateLimit() forgets nothing for calls of tools that do not exist", async () => {
  using scene = new Scene(rateLimit({ perMinute: 1, maxEntries: 2, clock: () => 0 }));
  await scene.call("a");
  for (let n = 0; n < 5; n++) assertMatch(await scene.callUnknown(`unknown_${n}`), /^Unknown tool/);
  assertMatch(await scene.call("a"), /^Too many calls/);
});

Deno.test("limitOutput() lets lists and greetings pass, as a client needs them to use anything", async () => {
  using scene = new Scene(limitOutput({ maxBytes: 50 }));
  const listed = await (await scene.app.post("/mcp", rpc("tools/list"))).json();
  assertEquals(listed.result.tools.map(({ name }: { name: string }) => name), ["write"]);
  const greeted = await (await scene.app.post("/mcp", initializeRequest())).json();
  assertEquals(greeted.result.serverInfo.name, "lifeline");
  assertMatch(await scene.call("a", 100), /too large: \d+ bytes/);
});
