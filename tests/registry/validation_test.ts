import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import * as z from "zod";
import { ProtocolError } from "../../lib/base/errors.ts";
import { validate } from "../../lib/registry/validation.ts";
import { CapturedLog } from "../helpers/log.ts";

async function errorsOf(schema: z.ZodType, value: unknown): Promise<readonly string[]> {
  const validation = await validate(schema, value);
  if (validation.ok) throw new Error(`Valid: ${JSON.stringify(validation.value)}`);
  return validation.errors;
}

const shape = z.object({
  it: z.union([z.object({ kind: z.string(), n: z.number() }), z.string(), z.array(z.number())]),
});

Deno.test("a value that resembles one member of a union is told what is wrong with its fields", async () => {
  const errors = await errorsOf(shape, { it: { kind: 1, n: "x" } });
  assertEquals(errors.map((line) => line.split(": ")[0]), ["it.kind", "it.n"]);
  const [line] = await errorsOf(shape, { it: [1, "x"] });
  assertMatch(line!, /^it\[1\]: .*expected number/);
});

Deno.test("a value that resembles no member of a union is told what each takes", async () => {
  const [line, ...more] = await errorsOf(shape, { it: true });
  assertEquals(more, []);
  assertMatch(
    line!,
    /^it: Invalid input: either \(.*object.*\) or \(.*string.*\) or \(.*array.*\)$/,
  );
});

Deno.test("a value that resembles several members is told of those", async () => {
  const union = z.union([z.object({ a: z.string() }), z.object({ b: z.number() }), z.string()]);
  const [line] = await errorsOf(union, { c: 1 });
  assertMatch(line!, /either \(a: .*\) or \(b: .*\)$/);
});

Deno.test("a union within a union is told with its whole path", async () => {
  const inner = z.object({ inner: z.union([z.object({ deep: z.number() }), z.boolean()]) });
  const [line] = await errorsOf(z.union([inner, z.string()]), { inner: { deep: "x" } });
  assertMatch(line!, /^inner\.deep: .*expected number/);
});

Deno.test("an unknown discriminator is told with those there are", async () => {
  const union = z.object({
    it: z.discriminatedUnion("kind", [
      z.object({ kind: z.literal("file"), path: z.string() }),
      z.object({ kind: z.literal("url") }),
    ]),
  });
  assertMatch(
    (await errorsOf(union, { it: { kind: "x" } })).join(),
    /^it\.kind: .*'file' \| 'url'/,
  );
  assertMatch((await errorsOf(union, { it: { kind: "file" } })).join(), /^it\.path: /);
});

Deno.test("wrong keys and values of records, maps and sets are named with what is wrong", async () => {
  const record = z.object({ by: z.record(z.string().min(3), z.number()) });
  const errors = await errorsOf(record, { by: { a: 1, abc: "x" } });
  assertMatch(errors[0]!, /^by\.a: Invalid key in record: Too small/);
  assertMatch(errors[1]!, /^by\.abc: .*expected number/);
  const map = z.map(z.string(), z.number());
  const [line] = await errorsOf(map, new Map<unknown, unknown>([["x", "y"]]));
  assertMatch(line!, /expected number/);
  const [key] = await errorsOf(map, new Map<unknown, unknown>([[{}, 1]]));
  assertMatch(key!, /Invalid key in map: .*expected string/);
});

for (
  const [when, schema] of [
    ["at once", z.string().transform((text) => JSON.parse(text))],
    ["later", z.string().transform(async (text) => await Promise.resolve(JSON.parse(text)))],
  ] as const
) {
  Deno.test(`what a transform throws ${when} is an error of the value, and is logged with its stack`, async () => {
    using log = new CapturedLog();
    assertEquals(await validate(schema, "1"), { ok: true, value: 1 });
    assertMatch((await errorsOf(schema, "{")).join(), /JSON/);
    assertMatch(String(log.of("Schema threw")[0]?.fields.stack), /SyntaxError: .*\n +at /);
  });
}

Deno.test("asynchronous parts of a schema run once for each value, but for the first", async () => {
  let runs = 0;
  const schema = z.string().refine(() => {
    runs++;
    return Promise.resolve(true);
  });
  await validate(schema, "first");
  const before = runs;
  await validate(schema, "second");
  assertEquals(runs - before, 1);
});

Deno.test("a transform may throw a protocol error of its own", () => {
  const schema = z.string().transform(() => {
    throw new ProtocolError("invalid_params", "No such folder");
  });
  assertThrows(() => validate(schema, "x"), ProtocolError, "No such folder");
});
