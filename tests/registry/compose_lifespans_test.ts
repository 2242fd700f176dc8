/** Lifespans of several modules: what waits for what, and what is told. */
import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { ConfigError } from "../../lib/base/errors.ts";
import { composeLifespans, endOf, type Lifespan } from "../../lib/registry/lifespan.ts";
import { CapturedLog } from "../helpers/log.ts";
import { FakeTime, settled } from "../helpers/time.ts";

const named = (origin: string, lifespan: Lifespan) => ({ origin, lifespan });

Deno.test("a start that takes ten seconds is told once, with its module, and a shorter one is not", async () => {
  using log = new CapturedLog();
  using time = new FakeTime();
  const [slow, fast] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const { onStart } = composeLifespans([
    named("fast.ts", { onStart: () => fast.promise }),
    named("slow.ts", { onStart: () => slow.promise }),
  ]);
  const starting = onStart!();
  await time.advance(9_999, 9_999);
  fast.resolve();
  await time.advance(9_999, 9_999);
  assertEquals(log.messages(), []);
  await time.advance(1, 1);
  assertEquals(log.parsed(), [{
    level: "WARNING",
    message: "Still starting",
    fields: { module: "slow.ts", waiting_for: "onStart" },
  }]);
  slow.resolve();
  await starting;
  await time.advance(20_000, 20_000);
  assertEquals(log.parsed().length, 1);
});

Deno.test("a failed start is told when the modules before it have stopped, however they stop", async () => {
  const stopped = Promise.withResolvers<void>();
  const { onStart } = composeLifespans([
    named("fails.ts", { onStop: () => Promise.reject(new Error("stuck")) }),
    named("slow.ts", { onStop: () => stopped.promise }),
    named("broken.ts", {
      onStart: () => {
        throw new Error("no");
      },
    }),
  ]);
  let isTold = false;
  const starting = assertRejects(async () => await onStart!(), ConfigError).then((error) => {
    isTold = true;
    return error.message;
  });
  await settled();
  assertEquals(isTold, false);
  stopped.resolve();
  assertEquals(await starting, "Cannot start broken.ts: onStart failed: no");
});

Deno.test("the value of the only module is ctx.app as it is, and its stop gets it", async () => {
  class Pool {}
  const pool = new Pool();
  const stopped: unknown[] = [];
  const { onStart, onStop } = composeLifespans([
    named("a.ts", { onStart: () => pool, onStop: (app) => void stopped.push(app) }),
  ]);
  assertStrictEquals(await onStart!(), pool);
  await onStop!(undefined);
  assertEquals([stopped.length, stopped[0] === pool], [1, true]);
  assertEquals(composeLifespans([]), {});
  assertEquals(composeLifespans([named("a.ts", {}), named("b.ts", {})]), {});
});

Deno.test("a member of one name in three results is refused with the module that gave it first", async () => {
  const gives = (origin: string, app: object) => named(origin, { onStart: () => app });
  for (const [origin, app] of [["c.ts", { x: 1, b: 2 }], ["d.ts", { a: 1 }]] as const) {
    const { onStart } = composeLifespans([
      gives("a.ts", { a: 1 }),
      gives("b.ts", { b: undefined }),
      gives(origin, app),
    ]);
    const { message } = await assertRejects(async () => await onStart!(), ConfigError);
    const taken = origin === "c.ts"
      ? 'it returns "b", as b.ts does'
      : 'it returns "a", as a.ts does';
    assertEquals(message, `Cannot start ${origin}: onStart failed: ${taken}`);
  }
});

Deno.test("modules that return nothing add nothing to what the others return", async () => {
  const { onStart } = composeLifespans([
    named("a.ts", { onStart: () => ({ a: 1 }) }),
    named("b.ts", { onStart: () => undefined }),
    named("c.ts", { onStart: () => null }),
    named("d.ts", { onStop: () => {} }),
    named("e.ts", { onStart: () => Promise.resolve({ e: 2 }) }),
  ]);
  assertEquals(await onStart!(), { a: 1, e: 2 });
});

Deno.test("each result that is no plain object is refused where results are merged", async () => {
  const results = [7, "text", true, [1], new Map(), () => {}, Symbol("s")];
  for (const result of results) {
    const { onStart } = composeLifespans([
      named("a.ts", { onStart: () => ({ a: 1 }) }),
      named("b.ts", { onStart: () => result }),
    ]);
    const { message } = await assertRejects(async () => await onStart!(), ConfigError);
    assertEquals(
      message,
      "Cannot start b.ts: onStart failed: it returns no plain object, which has to be merged with " +
        "the results of other modules; return an object with a member, such as { pool }",
    );
  }
});

Deno.test("an object without a prototype is merged like any other", async () => {
  const bare = Object.assign(Object.create(null), { b: 2 });
  const { onStart } = composeLifespans([
    named("a.ts", { onStart: () => ({ a: 1 }) }),
    named("b.ts", { onStart: () => bare }),
  ]);
  assertEquals(await onStart!(), { a: 1, b: 2 });
});

Deno.test("all that fail to stop are told together, in the order in which they stopped", async () => {
  const broken = (origin: string) =>
    named(origin, { onStop: () => Promise.reject(new Error(`no ${origin}`)) });
  let stops = 0;
  const { onStart, onStop } = composeLifespans([
    broken("a.ts"),
    named("b.ts", { onStop: () => void stops++ }),
    broken("c.ts"),
  ]);
  await onStart!();
  const { errors } = await assertRejects(async () => await onStop!(undefined), AggregateError);
  assertEquals((errors as Error[]).map(({ message }) => message), [
    "onStop of c.ts: no c.ts",
    "onStop of a.ts: no a.ts",
  ]);
  await onStop!(undefined);
  assertEquals(stops, 1);
  const one = composeLifespans([broken("a.ts")]);
  await one.onStart!();
  const only = await assertRejects(async () => await one.onStop!(undefined), AggregateError);
  assertEquals(only.errors.length, 1);
});

Deno.test("`endOf()` prefers onStop, then an asynchronous disposal, then any, or says that none fits", async () => {
  const calls: unknown[] = [];
  const both = {
    [Symbol.asyncDispose]() {
      calls.push(["asyncDispose", this === both]);
      return Promise.resolve();
    },
    [Symbol.dispose]() {
      calls.push("dispose");
    },
  };
  const one = {
    [Symbol.dispose]() {
      calls.push(["dispose", this === one]);
    },
  };
  await endOf({ onStop: (app) => void calls.push(["onStop", app === both]) }, both)?.();
  await endOf({}, both)?.();
  await endOf({}, one)?.();
  assertEquals(calls, [["onStop", true], ["asyncDispose", true], ["dispose", true]]);
  const none = [undefined, null, 5, "text", {}, () => {}].map((app) => endOf({}, app));
  assertEquals(none, Array(6).fill(undefined));
});
