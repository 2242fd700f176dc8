/** Middleware around one request: what passes it unchecked, and what it is told. */
import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import type { ToolContext } from "../../lib/registry/context.ts";
import {
  composeMiddleware,
  type Middleware,
  type MiddlewareCall,
} from "../../lib/registry/middleware.ts";
import type { JsonObject } from "../../lib/wire/json_rpc.ts";

const call: MiddlewareCall = {
  method: "tools/call",
  name: "subject",
  arguments: {},
  caller: { address: "127.0.0.1" },
  ctx: {} as ToolContext,
};
const pass: Middleware = (_call, next) => next();
const text = (words: string) => ({ content: [{ type: "text", text: words }] });

Deno.test("what next() gives passes all middleware as it is, without a check", async () => {
  // Middleware that made this result would be told that it is wrong.
  const odd = { content: "no list" };
  for (const use of [[], [pass], [pass, pass, pass]]) {
    assertStrictEquals(await composeMiddleware(use)(call, () => odd), odd);
    assertStrictEquals(await composeMiddleware(use)(call, () => Promise.resolve(odd)), odd);
  }
});

Deno.test("middleware without a name is told by its number, counted from the outermost", async () => {
  const forgetful = (name: string): Middleware =>
    Object.defineProperty(() => undefined as unknown as JsonObject, "name", { value: name });
  for (
    const [use, who] of [
      [[forgetful("")], "number 1"],
      [[pass, pass, forgetful("")], "number 3"],
      [[pass, forgetful("guard"), pass], "guard"],
    ] as const
  ) {
    const { message } = await assertRejects(() => composeMiddleware(use)(call, () => text("")));
    assertEquals(message, `Middleware ${who} returned no result; return what next() gives`);
  }
});

Deno.test("a call that middleware changes goes on inwards, and any other is the one that came", async () => {
  const seen: MiddlewareCall[] = [];
  const note: Middleware = (given, next) => (seen.push(given), next());
  const change: Middleware = (given, next) => next({ ...given, arguments: { a: 1 } });
  const run = (given: MiddlewareCall) => (seen.push(given), text("ran"));
  await composeMiddleware([note, change, note])(call, run);
  assertEquals(seen.map(({ arguments: given }) => given), [{}, { a: 1 }, { a: 1 }]);
  assertStrictEquals(seen[0], call);
  assertStrictEquals(seen[1], seen[2]);
});

for (
  const [changed, what] of [
    [null, "null"],
    ["subject", "a string"],
    [{ ...call, method: "tools/list" }, "a call of another method than tools/call"],
    [{ ...call, name: undefined }, "a call without a name"],
    [{ ...call, arguments: undefined }, "a call whose arguments are not an object"],
    [{ ...call, arguments: [] }, "a call whose arguments are not an object"],
    [{ ...call, ctx: undefined }, "a call without its ctx"],
  ] as const
) {
  Deno.test(`middleware that passes on ${what} is told what to pass, and nothing runs`, async () => {
    let runs = 0;
    const wrong: Middleware = function wrong(_call, next) {
      return next(changed as unknown as MiddlewareCall);
    };
    const run = () => (runs++, text(""));
    const { message } = await assertRejects(() => composeMiddleware([wrong])(call, run), TypeError);
    assertEquals(
      message,
      `Middleware wrong called next() with ${what}; spread the call that came: ` +
        "next({ ...call, arguments })",
    );
    assertEquals(runs, 0);
  });
}

Deno.test("the call that came goes on as it is, whatever it is", async () => {
  const bare = { method: "ping", name: "ping" } as unknown as MiddlewareCall;
  const passOn: Middleware = (given, next) => next(given);
  assertEquals(await composeMiddleware([pass, passOn])(bare, () => ({})), {});
});

Deno.test("middleware may ask several times, and returns any of the results", async () => {
  let runs = 0;
  const first: Middleware = async (_call, next) => {
    const result = await next();
    await next();
    return result;
  };
  const composed = composeMiddleware([pass, first]);
  assertEquals(await composed(call, () => text(`run ${++runs}`)), text("run 1"));
  assertEquals(runs, 2);
});

Deno.test("what middleware adds to a result, takes away or replaces within it is checked", async () => {
  const changes: readonly ((items: unknown[]) => void)[] = [
    (items) => void items.push(7),
    (items) => items.splice(0, 2, 7),
    (items) => void (items[0] = 7),
    (items) => void (items[1] = 7),
  ];
  for (const change of changes) {
    const spoil: Middleware = async function spoil(_call, next) {
      const result = await next();
      change(result.content as unknown[]);
      return result;
    };
    const run = () => ({ content: [...text("a").content, ...text("b").content] });
    const error = await assertRejects(() => composeMiddleware([spoil])(call, run), TypeError);
    assertEquals(
      error.message.replace(/\d/, "N"),
      "Middleware spoil returned a wrong result: content[N] is not a content block",
    );
  }
});

Deno.test("a result that middleware makes is given as JSON holds it", async () => {
  const made = { ...text("made"), _meta: { at: new Date(0), none: undefined } };
  const result = await composeMiddleware([() => made as JsonObject])(call, () => text(""));
  assertEquals(result, { ...text("made"), _meta: { at: "1970-01-01T00:00:00.000Z" } });
});

for (const isAsync of [false, true]) {
  Deno.test(`the error of a ${isAsync ? "later" : "request at once"} is made a result once, by the innermost`, async () => {
    const error = new Error("no");
    const run = (): Promise<JsonObject> => {
      if (isAsync) return Promise.reject(error);
      throw error;
    };
    for (const use of [[], [pass, pass]]) {
      const rejected = await assertRejects(() => composeMiddleware(use)(call, run));
      assertStrictEquals(rejected, error);
    }
    const failures: unknown[] = [];
    const failed = (failure: unknown) => (failures.push(failure), text("failed"));
    assertEquals(await composeMiddleware([pass, pass])(call, run, failed), text("failed"));
    assertEquals(failures, [error]);
  });
}
