import { assertEquals, assertMatch, assertRejects } from "@std/assert";
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

Deno.test("asynchronous parts of a schema run once for each value", async () => {
  let runs = 0;
  const schema = z.string().refine(() => {
    runs++;
    return Promise.resolve(true);
  });
  for (const value of ["first", "second"]) await validate(schema, value);
  assertEquals(runs, 2);
});

Deno.test("a transform may throw a protocol error of its own", async () => {
  const schema = z.string().transform(() => {
    throw new ProtocolError("invalid_params", "No such folder");
  });
  await assertRejects(async () => await validate(schema, "x"), ProtocolError, "No such folder");
});

for (
  const [what, schema, value, expected] of [
    ["a promise", () => z.promise(z.string()), Promise.resolve("x"), "x"],
    ["a value without a check", () => z.custom<string>(), "x", "x"],
    ["an instance of a class", () => z.instanceof(URL), new URL("x://a"), new URL("x://a")],
    [
      "an object with a transform",
      () => z.object({ a: z.string().transform((text) => text.length) }),
      { a: "xy" },
      { a: 2 },
    ],
  ] as const
) {
  Deno.test(`the schema of ${what} is applied asynchronously`, async () => {
    const validation = validate<z.ZodType>(schema(), value);
    assertEquals(validation instanceof Promise, true);
    assertEquals(await validation, { ok: true, value: expected });
  });
}

const REJECTING = () => Promise.reject(new Error("No answer from the directory"));
const late = () => z.string().refine(REJECTING);

function bare<T extends object>(members: T): T {
  return Object.assign(Object.create(null), members);
}

/**
 * Each has a part whose promise nobody would await, were it parsed synchronously first. Each is made
 * anew, as the first parse prepares it.
 */
for (
  const [name, make, value] of [
    ["a refinement", () => late(), "x"],
    ["a check of several issues", () => z.string().superRefine(REJECTING), "x"],
    ["a check", () => z.string().check(REJECTING), "x"],
    ["a transform", () => z.string().transform(REJECTING), "x"],
    ["a transform before a schema", () => z.preprocess(REJECTING, z.string()), "x"],
    ["a custom type", () => z.custom((value) => value === "x").refine(REJECTING), "x"],
    ["a member", () => z.object({ a: late() }), { a: "x" }],
    ["an optional member", () => z.object({ a: late().optional() }), { a: "x" }],
    ["an item", () => z.array(late()), ["x"]],
    ["a member of a shape without prototype", () => z.object(bare({ a: late() })), { a: "x" }],
    ["a value of a record", () => z.record(z.string(), late()), { a: "x" }],
    ["a part of a union", () => z.union([z.number(), late()]), "x"],
    ["a schema that is made later", () => z.lazy(() => late()), "x"],
    [
      "a codec",
      () => z.codec(z.string(), z.string(), { decode: REJECTING, encode: REJECTING }),
      "x",
    ],
  ] as const
) {
  Deno.test(`a promise that ${name} rejects is an error of the first value already, and of nothing else`, async () => {
    const rejections: unknown[] = [];
    const note = (event: PromiseRejectionEvent) => {
      event.preventDefault();
      rejections.push(event.reason);
    };
    globalThis.addEventListener("unhandledrejection", note);
    try {
      assertEquals(await errorsOf(make(), value), ["No answer from the directory"]);
      // What nobody handles is reported after the microtasks.
      await new Promise((resolve) => setTimeout(resolve));
      assertEquals(rejections, []);
    } finally {
      globalThis.removeEventListener("unhandledrejection", note);
    }
  });
}

Deno.test("a schema without code of its author is applied at once, whatever it is made of", () => {
  const tree: z.ZodType = z.lazy(() => z.object({ children: z.array(tree).optional() }));
  for (
    const [schema, value] of [
      [z.object({ a: z.string().min(1).trim(), b: z.int().default(1) }), { a: " x " }],
      [z.union([z.email(), z.literal("x"), z.enum(["y"])]), "y"],
      [z.discriminatedUnion("k", [z.object({ k: z.literal(1) })]), { k: 1 }],
      [z.string().pipe(z.string().max(3)), "abc"],
      [tree, { children: [{ children: [] }] }],
    ] as const
  ) {
    const validation = validate(schema, value);
    assertEquals("ok" in validation && validation.ok, true);
  }
});

Deno.test("20 errors of a value are told, and how many more there are", async () => {
  const list = z.array(z.number());
  const lines = (count: number) =>
    Array.from({ length: count }, (_, at) => {
      return `[${at}]: Invalid input: expected number, received string`;
    });
  const wrong = (count: number) => errorsOf(list, Array(count).fill("x"));
  assertEquals(await wrong(1), lines(1));
  assertEquals(await wrong(20), lines(20));
  assertEquals(await wrong(21), [...lines(20), "and 1 more"]);
  assertEquals(await wrong(1_220), [...lines(20), "and 1,200 more"]);
});

Deno.test("five members of a union are told, and members with the same errors only once", async () => {
  const names = ["a", "b", "c", "d", "e", "f"];
  const either = (count: number) => {
    const members = names.slice(0, count).map((name) => z.object({ [name]: z.string() }));
    return errorsOf(z.union(members), {});
  };
  const told = names.map((name) => `(${name}: Invalid input: expected string, received undefined)`);
  const line = (count: number) => [`Invalid input: either ${told.slice(0, count).join(" or ")}`];
  assertEquals([await either(2), await either(5)], [line(2), line(5)]);
  assertEquals(await either(6), line(5));
  assertEquals(await errorsOf(z.union([z.string().min(1), z.string().max(9)]), 1), [
    "Invalid input: either (Invalid input: expected string, received number)",
  ]);
});
