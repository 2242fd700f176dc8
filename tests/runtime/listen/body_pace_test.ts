import { assertEquals } from "@std/assert";
import { BodyPace } from "../../../lib/runtime/listen/body_pace.ts";
import { FakeTime } from "../../helpers/time.ts";

Deno.test("bodies are read without a rest up to 256 KiB, and then all rest together for 2 ms", async () => {
  using time = new FakeTime();
  const pace = new BodyPace();
  const reads: string[] = [];
  const read = (name: string, bytes: number) => pace.take(bytes, () => reads.push(name));

  for (let round = 0; round < 2; round++) {
    read("first", 0);
    read("second", 262_143);
    assertEquals(reads.splice(0), ["first", "second"]);
    read("third", 1);
    read("fourth", 0);
    await time.advance(1, 1);
    assertEquals(reads, []);
    await time.advance(1, 1);
    assertEquals(reads.splice(0), ["third", "fourth"]);
  }
});

Deno.test("a body that ends while it rests is asked for more once, and leaves no timer", async () => {
  using time = new FakeTime();
  const pace = new BodyPace();
  let reads = 0;
  pace.take(1_000_000, () => reads++);
  await time.advance(10, 1);
  assertEquals(reads, 1);
});
