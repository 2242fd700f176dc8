import { assertEquals, assertRejects } from "@std/assert";
import { Turns } from "../../lib/transport/body/turns.ts";
import { FakeTime, settled } from "../helpers/time.ts";

Deno.test("work that holds the event loop has its turn at once where nobody is at it", () => {
  const done: string[] = [];
  const turns = new Turns(() => 0);
  void turns.take(() => done.push("first"));
  assertEquals(done, ["first"]);
});

Deno.test("work waits until the work before it has rested for as long as it took", async () => {
  using time = new FakeTime();
  let now = 0;
  const turns = new Turns(() => now);
  const done: string[] = [];
  const work = (name: string) => () => {
    now += 100;
    done.push(name);
  };
  const all = ["first", "second", "third"].map((name) => turns.take(work(name)));
  assertEquals(done, ["first"]);
  await time.advance(99);
  assertEquals(done, ["first"]);
  now += 100;
  await time.advance(1);
  assertEquals(done, ["first", "second"]);
  now += 100;
  await time.advance(100);
  await settled();
  assertEquals(done, ["first", "second", "third"]);
  await Promise.all(all);
});

Deno.test("work that throws fails alone", async () => {
  const turns = new Turns(() => 0);
  await assertRejects(
    () =>
      turns.take(() => {
        throw new Error("broken");
      }),
    Error,
    "broken",
  );
  assertEquals(await turns.take(() => "fine"), "fine");
});
