/** Questions of 2026-07-28: what one round carries to the client, and what its return must carry. */
import { assertEquals, assertNotEquals } from "@std/assert";
import * as z from "zod";
import { Signer } from "../../lib/base/signer.ts";
import type { RequestScope } from "../../lib/mcp/scope.ts";
import { Catalog } from "../../lib/registry/catalog.ts";
import type { ToolContext } from "../../lib/registry/context.ts";
import { defineTool } from "../../lib/registry/tool.ts";
import { CapturedLog } from "../helpers/log.ts";
import { testScope, testServer } from "../helpers/scope.ts";
import { FakeTime } from "../helpers/time.ts";

const ALL = { roots: {}, elicitation: { form: {}, url: {} }, sampling: {} };
const SCHEMA = z.object({ name: z.string() });

/** A server with one tool that a test gives. */
function asking(run: (ctx: ToolContext) => Promise<string>, signer = new Signer()) {
  const tools = ["ask", "other"].map((name) =>
    defineTool({ name, description: "", input: z.looseObject({}), run: (_input, ctx) => run(ctx) })
  );
  const server = testServer({ catalog: new Catalog({ tools }), signer });
  // deno-lint-ignore no-explicit-any -- a test looks into whatever came
  return async (params: object = {}, members: Partial<RequestScope> = {}): Promise<any> => {
    const request = {
      jsonrpc: "2.0",
      id: 1,
      method: "tools/call",
      params: { name: "ask", ...params },
    } as const;
    const scope = testScope({ capabilities: ALL, ...members });
    const response = await server.dispatch(request, scope, server.modern) as {
      result?: unknown;
      error?: unknown;
    };
    return response.result ?? response.error;
  };
}

const name = async ({ elicit }: ToolContext, key?: string): Promise<string> => {
  const { content } = await elicit({
    message: "Name?",
    schema: SCHEMA,
    ...(key !== undefined && { key }),
  }) as { content?: { name: string } };
  return content?.name ?? "nobody";
};
const said = (text: string) => ({ action: "accept", content: { name: text } });

Deno.test("questions of one turn go out together, and their answers complete the call", async () => {
  using _time = new FakeTime();
  const ask = asking(async (ctx) =>
    (await Promise.all([name(ctx), name(ctx, "k"), name(ctx)])).join()
  );
  const first = await ask();
  assertEquals([first.resultType, Object.keys(first.inputRequests)], [
    "input_required",
    ["question_1", "k", "question_2"],
  ]);
  assertEquals("content" in first, false);
  const { requestState } = first;
  const some = await ask({ requestState, inputResponses: { question_1: said("a"), k: said("b") } });
  assertEquals([some.resultType, Object.keys(some.inputRequests)], ["input_required", [
    "question_2",
  ]]);
  const inputResponses = { question_2: said("c") };
  const all = await ask({ requestState: some.requestState, inputResponses });
  assertEquals([all.resultType, all.content], ["complete", [{ type: "text", text: "a,b,c" }]]);
});

Deno.test("an earlier answer stays, and an answer that nobody asked for is ignored", async () => {
  using _time = new FakeTime();
  const ask = asking(async (ctx) => `${await name(ctx, "a")} ${await name(ctx, "b")}`);
  const first = await ask();
  const second = await ask({
    requestState: first.requestState,
    inputResponses: { a: said("Ada"), b: said("early") },
  });
  assertEquals(Object.keys(second.inputRequests), ["b"]);
  const third = await ask({
    requestState: second.requestState,
    inputResponses: { a: said("changed"), b: said("Bob") },
  });
  assertEquals(third.content, [{ type: "text", text: "Ada Bob" }]);
});

Deno.test("answers may come with the first request", async () => {
  using _time = new FakeTime();
  const ask = asking((ctx) => name(ctx, "a"));
  const { content } = await ask({ inputResponses: { a: said("Ada") } });
  assertEquals(content, [{ type: "text", text: "Ada" }]);
});

const REFUSED = 'Invalid params: "requestState" is refused: ';
const ANOTHER = `${REFUSED}it belongs to another request`;
const ALTERED = `${REFUSED}it was altered, or another server made it`;

Deno.test("a state belongs to its tool, arguments, caller and page", async () => {
  using _time = new FakeTime();
  const ask = asking((ctx) => name(ctx, "a"));
  const caller = { address: "127.0.0.1", principal: "ada" };
  const members = { caller, page: "https://a.example" };
  const given = { arguments: { a: 1, b: { c: 2, d: [3] } } };
  const { requestState } = await ask(given, members);
  const back = { requestState, inputResponses: { a: said("Ada") } };
  const reordered = { arguments: { b: { d: [3], c: 2 }, a: 1 } };
  const taken = await ask({ ...reordered, ...back }, members);
  assertEquals(taken.content, [{ type: "text", text: "Ada" }]);
  const moved = { ...members, caller: { ...caller, address: "127.0.0.2" } };
  assertEquals((await ask({ ...given, ...back }, moved)).resultType, "complete");
  for (
    const [params, other] of [
      [{ arguments: { a: 1, b: { c: 2, d: [4] } } }, members],
      [{}, members],
      [{ ...given, name: "other" }, members],
      [given, { ...members, page: undefined }],
      [given, { ...members, caller: { ...caller, principal: "bob" } }],
      [given, { ...members, caller: { address: "127.0.0.1" } }],
    ] as const
  ) {
    const { code, message } = await ask({ ...params, ...back }, other);
    assertEquals([code, message], [-32602, ANOTHER], JSON.stringify([params, other]));
  }
});

Deno.test("a state that is none of the server's is refused", async () => {
  using _time = new FakeTime();
  const ask = asking((ctx) => name(ctx, "a"));
  const { requestState } = await asking((ctx) => name(ctx, "a"))();
  for (const wrong of [requestState, "", "x", 1, null, {}]) {
    const { code, message } = await ask({ requestState: wrong });
    assertEquals([code, message], [-32602, ALTERED]);
  }
});

Deno.test("a state holds for an hour", async () => {
  using time = new FakeTime();
  const ask = asking((ctx) => name(ctx, "a"));
  const { requestState } = await ask();
  const back = { requestState, inputResponses: { a: said("Ada") } };
  await time.leap(3_600_000);
  assertEquals((await ask(back)).resultType, "complete");
  await time.leap(1);
  const { code, message } = await ask(back);
  assertEquals([code, message], [-32602, `${REFUSED}it has expired; send the request afresh`]);
});

Deno.test("responses that map no keys to objects are refused", async () => {
  using _time = new FakeTime();
  const ask = asking((ctx) => name(ctx, "a"));
  for (const inputResponses of [null, [], "a", { a: "b" }, { a: said("Ada"), b: null }]) {
    const { code, message } = await ask({ inputResponses });
    assertEquals([code, message], [
      -32602,
      `Invalid params: "inputResponses" must map each input request's key to its result object`,
    ]);
  }
});

Deno.test("two questions of one call have different keys, and a client without the capability is not asked", async () => {
  using _time = new FakeTime();
  using _log = new CapturedLog();
  const twice = asking(async (ctx) => (await Promise.all([name(ctx, "a"), name(ctx, "a")])).join());
  const result = await twice({ inputResponses: { a: said("Ada") } });
  assertEquals(result.isError, true);
  assertEquals(result.content[0].text, 'Two questions of one call have the key "a"');
  const ask = asking((ctx) => name(ctx));
  const { code, message, data } = await ask({}, { capabilities: { roots: {} } });
  assertEquals([code, message, data], [
    -32021,
    "Client does not support elicitation/create: it declared no capability elicitation.form",
    { requiredCapabilities: { elicitation: { form: {} } } },
  ]);
});

Deno.test("a handler that asks is unwound, and what it returns then does not matter", async () => {
  using _time = new FakeTime();
  const seen: unknown[] = [];
  const ask = asking(async (ctx) => {
    try {
      return await name(ctx);
    } catch (error) {
      seen.push((error as { reason: string }).reason);
      return "swallowed";
    } finally {
      seen.push("finally");
    }
  });
  assertEquals((await ask()).resultType, "input_required");
  await Promise.resolve();
  assertEquals(seen, ["input_required", "finally"]);
});

Deno.test("a request for roots has no params, and one for a URL keeps its id to itself", async () => {
  using _time = new FakeTime();
  const ask = asking(async ({ roots, elicit }) => {
    await Promise.all([roots(), elicit({ message: "Pay", url: "https://example.com" })]);
    return "";
  });
  const { inputRequests } = await ask();
  assertEquals(inputRequests, {
    question_1: { method: "roots/list" },
    question_2: {
      method: "elicitation/create",
      params: { mode: "url", message: "Pay", url: "https://example.com" },
    },
  });
  assertNotEquals(inputRequests.question_1.params, {});
});
