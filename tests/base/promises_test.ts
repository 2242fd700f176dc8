import { assertEquals, assertRejects } from "@std/assert";
import {
  ignoreRejection,
  isOwnPromise,
  isPromise,
  settlesWithin,
} from "../../lib/base/promises.ts";
import { FakeTime, settled } from "../helpers/time.ts";

Deno.test("`isPromise()` knows whatever has a method then", () => {
  const values = [Promise.resolve(), { then: () => {} }, { then: 1 }, {}, null, undefined, "then"];
  assertEquals(values.map((value) => isPromise(value)), [
    true,
    true,
    false,
    false,
    false,
    false,
    false,
  ]);
  assertEquals(isPromise(Object.assign(() => {}, { then: () => {} })), false);
});

Deno.test("`isOwnPromise()` knows promises alone", () => {
  const values = [Promise.resolve(), (async () => {})(), { then: () => {} }, {}, undefined, "then"];
  assertEquals(values.map((value) => isOwnPromise<unknown>(value)), [
    true,
    true,
    false,
    false,
    false,
    false,
  ]);
});

Deno.test("`ignoreRejection()` gives the same promise, which may reject unseen", async () => {
  const promise = Promise.reject(new Error("no"));
  assertEquals(ignoreRejection(promise) === promise, true);
  await settled();
  await assertRejects(() => promise, Error, "no");
});

Deno.test("`settlesWithin()` tells whether work ended in time, well or badly, and keeps no timer", async () => {
  using time = new FakeTime();
  assertEquals(await settlesWithin(50, Promise.resolve()), true);
  assertEquals(await settlesWithin(50, Promise.reject(new Error("no"))), true);
  for (const [workMs, isInTime] of [[49, true], [51, false]] as const) {
    const { promise, resolve } = Promise.withResolvers<void>();
    const told: boolean[] = [];
    setTimeout(resolve, workMs);
    settlesWithin(50, promise).then((is) => told.push(is));
    await time.advance(48, 1);
    assertEquals(told, []);
    await time.advance(2, 1);
    assertEquals(told, [isInTime]);
    await time.advance(5, 1);
  }
});
