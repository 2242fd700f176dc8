/** Functions that take an app, given what is none, and options that do nothing. */
import { assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { ConfigError, configureLog, createApp, mountAt } from "../../lib/mod.ts";
import { drainOnSignal, logToStderr, serve, toServeHandler } from "../../lib/serve.ts";
import { TestTime } from "../../lib/testing.ts";

// deno-lint-ignore no-explicit-any -- stands for JavaScript, which has no types
type Untyped = (...args: any[]) => unknown;

const TAKERS: Readonly<Record<string, Untyped>> = {
  "serve()": serve,
  "mountAt()": (app) => mountAt(app, "/ai"),
  "toServeHandler()": toServeHandler,
  "drainOnSignal()": drainOnSignal,
  "logToStderr()": logToStderr,
};

for (const [owner, take] of Object.entries(TAKERS)) {
  Deno.test(`${owner} takes an app, and says how to make one`, async () => {
    for (const [wrong, what] of [[undefined, "undefined"], [{ tools: [] }, "an object"]]) {
      await assertRejects(
        async () => await take(wrong),
        TypeError,
        `${owner} takes an app, not ${what}; pass what createApp() returns`,
      );
    }
    const promise = Promise.resolve(createApp());
    await assertRejects(async () => await take(promise), TypeError, "not an object");
    (await promise).stop();
  });
}

Deno.test("serve() refuses options that it does not have", async () => {
  const app = createApp();
  const refusal = (options: unknown) =>
    assertRejects(() => serve(app, options as never), TypeError).then(({ message }) => message);
  assertEquals(
    await refusal({ exits: false }),
    'serve() has no option "exits"; did you mean "exit"?',
  );
  assertEquals(await refusal({ exit: 0 }), "Option of serve(): exit must be true or false, not 0");
  const { message } = await assertRejects(
    () => drainOnSignal(app, { shutdown: "server" as never }),
    TypeError,
  );
  assertMatch(message, /drainOnSignal\(\): shutdown must be a function/);
  app.stop();
});

Deno.test("configureLog() refuses a level that would switch the log off", () => {
  const configure: Untyped = configureLog;
  const write = () => {};
  assertThrows(
    () => configure({ level: "warn", write }),
    ConfigError,
    'Option of configureLog(): level must be "debug" or "info" or "warning" or "error", not "warn"',
  );
  assertThrows(() => configure(), ConfigError, "configureLog() takes an object of options");
  assertThrows(() => configure({ level: "info", write: "x" }), ConfigError, "write must be a func");
});

Deno.test("a drain takes a time, and one that is over at once", async () => {
  const app = createApp();
  const drain: Untyped = (budget) => app.drain(budget);
  await assertRejects(async () => await drain("5 s"), TypeError, 'in ms, not "5 s"');
  await assertRejects(async () => await drain(Number.NaN), TypeError, "in ms, not NaN");
  assertEquals((await app.drain(-1)).cut, 0);
  app.stop();
});

Deno.test("the time of a test moves forward only", async () => {
  const time = new TestTime();
  for (const wrong of [-5, Number.NaN, Infinity, "5" as never]) {
    await assertRejects(() => time.advance(wrong), RangeError, "give ms, at least 0");
  }
  await time.advance(0);
  assertEquals(time.now, 0);
});
