/** The bytes of large bodies, which are given back before V8 collects. */
import { assertEquals } from "@std/assert";
import { BodyBytes } from "../../lib/transport/body/body_bytes.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const MIB = 2 ** 20;

for (
  const [name, declared] of [["a declared", 12], ["no declared", 0], ["too short a", 3]] as const
) {
  Deno.test(`a body of ${name} length is its chunks as one text`, () => {
    const bytes = new BodyBytes(declared);
    // The second chunk ends within a character.
    for (
      const chunk of [encode("Gr"), encode("ü").slice(0, 1), encode("ü").slice(1), encode("ße!")]
    ) {
      bytes.add(chunk);
    }
    assertEquals(bytes.length, encode("Grüße!").length);
    assertEquals(bytes.takeText(), "Grüße!");
    assertEquals(bytes.takeText(), "");
  });
}

Deno.test("a body that is longer than its first buffer keeps all of its bytes", () => {
  const bytes = new BodyBytes(0);
  const chunk = new Uint8Array(50_000).fill(0x78);
  for (let count = 0; count < 20; count++) bytes.add(chunk);
  assertEquals(bytes.takeText(), "x".repeat(1_000_000));
  assertEquals(chunk[0], 0x78);
});

for (
  const [name, end] of [
    ["freed", (bytes: BodyBytes) => bytes.free()],
    ["taken", (bytes: BodyBytes) => bytes.takeText()],
  ] as const
) {
  Deno.test(`the memory of a body is given back as soon as it is ${name}`, () => {
    const bodies = Array.from({ length: 16 }, () => new BodyBytes(4 * MIB));
    for (const body of bodies) body.add(new Uint8Array(4 * MIB).fill(0x78));
    const before = Deno.memoryUsage().external;
    for (const body of bodies) end(body);
    const freed = before - Deno.memoryUsage().external;
    assertEquals(freed >= 60 * MIB, true, `${freed} bytes freed`);
  });
}

Deno.test("a body that is freed takes no more bytes than those that come later", () => {
  const bytes = new BodyBytes(100);
  bytes.add(encode("early"));
  bytes.free();
  assertEquals(bytes.length, 0);
  bytes.add(encode("late"));
  assertEquals(bytes.takeText(), "late");
});
