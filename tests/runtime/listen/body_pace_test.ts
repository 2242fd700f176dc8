import { assertEquals } from "@std/assert";
import { BodyPace } from "../../../lib/runtime/listen/body_pace.ts";
import { FakeTime } from "../../helpers/time.ts";

Deno.test("eight chunks are read without a rest, and after each rest of 2 ms the next eight in their order", async () => {
  using time = new FakeTime();
  const pace = new BodyPace();
  const reads: number[] = [];
  for (let chunk = 1; chunk <= 18; chunk++) pace.take(() => reads.push(chunk));
  assertEquals(reads.splice(0), [1, 2, 3, 4, 5, 6, 7, 8]);
  await time.advance(1, 1);
  assertEquals(reads, []);
  await time.advance(1, 1);
  assertEquals(reads.splice(0), [9, 10, 11, 12, 13, 14, 15, 16]);
  await time.advance(2, 1);
  assertEquals(reads.splice(0), [17, 18]);
  pace.take(() => reads.push(19));
  assertEquals(reads, [19]);
  pace.stop();
  await time.advance(2, 1);
  assertEquals(reads, [19]);
});

Deno.test("a chunk that asks for the next one at once does not pass those that wait", async () => {
  using time = new FakeTime();
  const pace = new BodyPace();
  const reads: string[] = [];
  const greedy = () => {
    reads.push("greedy");
    if (reads.length < 10) pace.take(greedy);
  };
  pace.take(greedy);
  pace.take(() => reads.push("other"));
  await time.advance(2, 1);
  assertEquals(reads.indexOf("other"), 9);
  assertEquals(reads.length, 11);
  await time.advance(2, 1);
});
