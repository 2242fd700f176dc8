/** Checks that reject in any order leave no unhandled rejection, which would end the process. */
import { assertEquals, assertThrows } from "@std/assert";
import * as z from "zod";
import { validate } from "../../lib/registry/validation.ts";
import { CapturedLog } from "../helpers/log.ts";

const turn = () => new Promise<void>((resolve) => setTimeout(resolve));
const fails = (message: string) => () => Promise.reject(new Error(message));
const throws = (message: string) => () => {
  throw new Error(message);
};
const slowly = async () => {
  await turn();
  await turn();
  throw new Error("slow");
};
const rejecting = () => z.string().refine(fails("rejected"));
const throwing = () => z.string().refine(throws("thrown"));
const pair = { a: "x", b: "y" };

/** Each made anew, as a parse prepares it; with a value, and the error that the client gets. */
const SCHEMAS: Readonly<Record<string, () => readonly [z.ZodType, unknown, string]>> = {
  "two checks of one value":
    () => [z.string().refine(fails("one")).refine(fails("two")), "x", "one"],
  "a quick check behind a slow one":
    () => [z.string().refine(slowly).refine(fails("two")), "x", "slow"],
  "a check that throws behind one that rejects": () => [
    z.string().refine(fails("one")).refine(throws("two")),
    "x",
    "one",
  ],
  "a field that throws beside one that rejects": () => [
    z.object({ a: rejecting(), b: throwing() }),
    pair,
    "thrown|rejected",
  ],
  "a transform that throws beside a field that rejects": () => [
    z.object({ a: rejecting(), b: z.string().transform(throws("thrown")) }),
    pair,
    "thrown|rejected",
  ],
  "checks of an object whose fields are asynchronous": () => [
    z.object({ a: z.string().refine(() => Promise.resolve(true)) }).refine(fails("one"))
      .refine(throws("two")),
    pair,
    "one",
  ],
  "items of a tuple": () => [z.tuple([rejecting(), throwing()]), ["x", "y"], "thrown|rejected"],
  "items of a list": () => [z.array(rejecting()), ["x", "y", "z"], "rejected"],
  "members of a union": () => [z.union([rejecting(), throwing()]), "x", "thrown|rejected"],
  "both sides of an intersection": () => [
    z.intersection(rejecting(), throwing()),
    "x",
    "thrown|rejected",
  ],
  "values of a record": () => [z.record(z.string(), rejecting()), pair, "rejected"],
  "a key of a record that throws": () => [z.record(throwing(), rejecting()), pair, "thrown"],
  "a schema that is made later":
    () => [z.lazy(() => rejecting().refine(fails("two"))), "x", "rejected"],
};

for (const [what, make] of Object.entries(SCHEMAS)) {
  Deno.test(`no rejection is unhandled: ${what}`, async () => {
    using _log = new CapturedLog();
    const unhandled: unknown[] = [];
    const listener = (event: PromiseRejectionEvent) => {
      event.preventDefault();
      unhandled.push(event.reason);
    };
    addEventListener("unhandledrejection", listener);
    try {
      const [schema, value, message] = make();
      // Twice, because the first parse prepares the schema.
      for (let time = 0; time < 2; time++) {
        const validation = await validate(schema, value);
        assertEquals(validation.ok, false);
        const error = validation.ok ? "" : validation.errors.join();
        assertEquals(message.split("|").includes(error), true, error);
        for (let turns = 0; turns < 4; turns++) await turn();
      }
    } finally {
      removeEventListener("unhandledrejection", listener);
    }
    assertEquals(unhandled, []);
  });
}

Deno.test("an author's own synchronous parse of such a schema still throws what a check throws", async () => {
  using _log = new CapturedLog();
  const schema = z.object({ a: throwing() });
  await validate(schema, { a: "x" });
  assertThrows(() => schema.safeParse({ a: "x" }), Error, "thrown");
  const right = z.object({ a: z.string().refine((text) => text === "x") });
  await validate(right, { a: "x" });
  assertEquals(right.parse({ a: "x" }), { a: "x" });
  assertEquals(right.safeParse({ a: "y" }).success, false);
});

Deno.test("a part that many schemas share is prepared only once", async () => {
  using _log = new CapturedLog();
  const shared = rejecting();
  await validate(z.object({ a: shared }), { a: "x" });
  const { run } = shared._zod;
  await validate(z.array(shared), ["x"]);
  assertEquals(shared._zod.run === run, true);
});

Deno.test("keys of a record are checked as before, as zod takes no promise for them", async () => {
  const key = z.string().refine((text) => text.startsWith("a"), "no such key");
  const schema = z.record(key, z.string().refine(() => Promise.resolve(true)));
  assertEquals(await validate(schema, { ab: "x" }), { ok: true, value: { ab: "x" } });
  const wrong = await validate(schema, { b: "x" });
  assertEquals(wrong, { ok: false, errors: ["b: Invalid key in record: no such key"] });
});
