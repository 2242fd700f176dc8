/** The rules of batches, and how the requests of a long one begin. */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ProtocolError } from "../../lib/base/errors.ts";
import { isPromise } from "../../lib/base/promises.ts";
import { noBatchError, readBatch, runInPortions } from "../../lib/transport/batch.ts";
import { rpc } from "../helpers/app.ts";

/** Begins so many requests that go on, and tells how many have begun. */
function begin(count: number, fails = -1) {
  const begun: number[] = [];
  const results = runInPortions([...Array(count).keys()], (item) => {
    if (item === fails) throw new Error("cannot begin");
    begun.push(item);
    return Promise.resolve(item);
  });
  return { begun, results };
}

Deno.test("the ninth request of a batch that goes on begins in a later turn, in order", async () => {
  const eight = begin(8);
  assertEquals([eight.begun.length, isPromise(eight.results)], [8, false]);
  const many = begin(20);
  assertEquals([many.begun.length, isPromise(many.results)], [8, true]);
  const results = await many.results;
  assertEquals(await Promise.all(results), [...Array(20).keys()]);
  assertEquals(many.begun, [...Array(20).keys()]);
});

Deno.test("a batch of requests that are answered at once begins in one turn", () => {
  assertEquals(runInPortions([1, 2, 3], (item) => item * 2), [2, 4, 6]);
  assertEquals(runInPortions([], () => 1), []);
});

Deno.test("a request of a later turn that cannot begin fails the batch, and no more of it begins", async () => {
  const { begun, results } = begin(12, 10);
  await assertRejects(async () => await results, Error, "cannot begin");
  assertEquals(begun.length, 10);
});

Deno.test("a batch is refused outside its revision, empty, too long, and with `initialize` in it", () => {
  const ping = rpc("ping");
  const BATCHES = "2025-03-26";
  const tooLong = "Invalid request: a batch may hold 100 messages, and this one holds 101; send " +
    "them in several";
  for (
    const [values, version, message] of [
      [[ping], undefined, noBatchError().message],
      [[ping], "2025-06-18", noBatchError().message],
      [[], BATCHES, "Invalid request: empty batch"],
      [Array(101).fill(ping), BATCHES, tooLong],
      [[ping, rpc("initialize")], BATCHES, "Invalid request: initialize must not be in a batch"],
    ] as const
  ) {
    const error = assertThrows(() => readBatch(values, version), ProtocolError);
    assertEquals([error.kind, error.message], ["invalid_request", message]);
  }
  assertEquals(readBatch(Array(100).fill(ping), BATCHES).length, 100);
  assertEquals<unknown>(readBatch([ping], BATCHES), [ping]);
});
