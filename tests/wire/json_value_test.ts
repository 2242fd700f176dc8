import { assertEquals, assertInstanceOf, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "../deps/fast_check.ts";
import { JsonValueError, toJsonValue } from "../../lib/wire/json_value.ts";

function refusal(value: unknown, path?: string): string {
  return assertThrows(() => toJsonValue(value, path), JsonValueError).message;
}

const circle: Record<string, unknown> = { a: [] };
(circle.a as unknown[]).push(circle);
let deep: unknown = 1;
for (let level = 0; level < 20_000; level++) deep = { deep };

for (
  const [name, value, says] of [
    ["a BigInt", 1n, "is a BigInt"],
    ["NaN", NaN, "is NaN"],
    ["an infinite number", -Infinity, "is -Infinity"],
    ["a function", () => 1, "is a function"],
    ["a symbol", Symbol("s"), "is a symbol"],
    ["a cycle", circle, "list[0].it.a[0] holds itself"],
    ["20,000 levels", deep, "is nested deeper than 512 levels"],
    ["a Map", new Map([[1, 2]]), "is a Map, whose data JSON does not see"],
    [
      "a generator",
      (async function* () {})(),
      "is an AsyncGenerator, whose data JSON does not see",
    ],
    ["a Set", new Set([1]), "is a Set, "],
    ["a promise", Promise.resolve(1), "is a Promise, "],
    ["a regular expression", /a/, "is a RegExp, "],
    ["headers", new Headers({ a: "b" }), "is a Headers, "],
    ["a buffer", new ArrayBuffer(2), "is an ArrayBuffer, "],
    ["bytes", new Uint8Array(2), "is a Uint8Array; give it as base64 text"],
    ["a view of bytes", new DataView(new ArrayBuffer(2)), "is a DataView; give it as base64 text"],
    ["an invalid date", new Date(NaN), "is a Date without a valid time"],
    ["undefined in a list", [1, undefined], "[1] is undefined"],
    ["a hole in a list", Object.assign([1], { length: 2 }), "[1] is undefined"],
    [
      "a getter that throws",
      Object.defineProperty({}, "x", {
        enumerable: true,
        get: () => {
          throw new Error("not now");
        },
      }),
      "x threw when it was read: not now",
    ],
    [
      "a `toJSON()` that throws",
      {
        toJSON: () => {
          throw new Error("not ever");
        },
      },
      "threw when it was read: not ever",
    ],
    [
      "a proxy that throws",
      new Proxy({}, {
        ownKeys: () => {
          throw new Error("no keys");
        },
      }),
      "threw when it was read: no keys",
    ],
    ["a `toJSON()` that gives a BigInt", { toJSON: () => 1n }, "is a BigInt"],
    ["a `toJSON()` that gives undefined", { toJSON: () => undefined }, "is undefined"],
  ] as const
) {
  Deno.test(`\`toJsonValue()\` refuses ${name}, with the path`, () => {
    assertStringIncludes(refusal({ list: [{ it: value }] }, "content"), "content.list[0].it");
    assertStringIncludes(refusal({ list: [{ it: value }] }), says);
    assertEquals(refusal({ list: [{ it: value }] }).startsWith("list[0].it"), true);
    if (value !== circle) assertStringIncludes(refusal(value), says);
  });
}

Deno.test("`toJsonValue()` keeps what a getter threw as the cause", () => {
  const cause = new Error("not now");
  const value = {
    get it() {
      throw cause;
    },
  };
  assertEquals(assertThrows(() => toJsonValue(value), JsonValueError).cause, cause);
});

Deno.test("`toJsonValue()` gives JSON values back as they are, without a copy", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    const wellFormed = JSON.parse(
      JSON.stringify(value),
      (_key, one) => typeof one === "string" ? one.toWellFormed() : one,
    );
    assertEquals(toJsonValue(wellFormed) === wellFormed, true);
  }));
});

Deno.test("`toJsonValue()` takes one object at two places: that is no cycle", () => {
  const one = { a: 1 };
  const value = { x: one, y: [one, one] };
  assertEquals(toJsonValue(value), value);
});

Deno.test("`toJsonValue()` writes dates, URLs and errors as text and members", () => {
  const value = { at: new Date(0), url: new URL("http://a/"), error: new RangeError("too far") };
  assertEquals(toJsonValue(value), {
    at: "1970-01-01T00:00:00.000Z",
    url: "http://a/",
    error: { name: "RangeError", message: "too far" },
  });
  assertInstanceOf(value.at, Date);
});

Deno.test("`toJsonValue()` replaces lone surrogates in texts and names by U+FFFD", () => {
  assertEquals(toJsonValue({ "a\ud800": ["\udc00b", "😀"] }), { "a\ufffd": ["\ufffdb", "😀"] });
});

Deno.test("`toJsonValue()` leaves out members that are undefined, and takes __proto__ for a name", () => {
  const value = JSON.parse('{"__proto__":{"polluted":1},"b":1}');
  value.a = undefined;
  assertEquals(JSON.stringify(toJsonValue(value)), '{"__proto__":{"polluted":1},"b":1}');
  value.date = new Date(0);
  assertEquals(
    JSON.stringify(toJsonValue(value)),
    '{"__proto__":{"polluted":1},"b":1,"date":"1970-01-01T00:00:00.000Z"}',
  );
  assertEquals(({} as Record<string, unknown>).polluted, undefined);
});

Deno.test("`toJsonValue()` takes instances of classes by their own members", () => {
  class Point {
    readonly x = 1;
    readonly y = 2;
  }
  assertEquals(JSON.stringify(toJsonValue([new Point()])), '[{"x":1,"y":2}]');
  assertEquals(
    JSON.stringify(toJsonValue(
      new (class One {
        readonly x = 1;
      })(),
    )),
    '{"x":1}',
  );
});

Deno.test("property: whatever `toJsonValue()` returns, JSON gives it back unchanged", () => {
  fc.assert(
    fc.property(
      fc.anything({ withBigInt: true, withDate: true, withMap: true, withTypedArray: true }),
      (value) => {
        let read: unknown;
        try {
          read = toJsonValue(value);
        } catch (error) {
          assertInstanceOf(error, JsonValueError);
          return;
        }
        const text = JSON.stringify(read);
        assertEquals(JSON.stringify(JSON.parse(text)), text);
        assertEquals(text.isWellFormed(), true);
      },
    ),
  );
});

Deno.test("the path of what JSON cannot hold is told up to 200 characters", () => {
  const whyNot = (key: string) => {
    const error = assertThrows(() => toJsonValue({ [key]: 1n }), Error);
    return error.message.split(" ")[0];
  };
  assertEquals(whyNot("x".repeat(200)), "x".repeat(200));
  assertEquals(whyNot("x".repeat(201)), `${"x".repeat(200)}…`);
});

Deno.test("`toJsonValue()` takes 512 levels, and no more", () => {
  const nested = (levels: number) => {
    let value: unknown = 1;
    for (let level = 0; level < levels; level++) value = level % 2 === 0 ? [value] : { a: value };
    return value;
  };
  assertEquals(toJsonValue(nested(512)) !== undefined, true);
  assertStringIncludes(refusal(nested(513)), "is nested deeper than 512 levels");
});

Deno.test("an error keeps its own words apart from those of the error that reading threw", () => {
  const cause = new Error("secret");
  const own = new JsonValueError("a is a BigInt");
  assertEquals([own.message, own.ownWords, "cause" in own], [
    "a is a BigInt",
    "a is a BigInt",
    false,
  ]);
  const other = new JsonValueError("a threw", cause);
  assertEquals([other.message, other.ownWords], ["a threw: secret", "a threw"]);
  assertEquals([other.cause, other.name], [cause, "JsonValueError"]);
});

Deno.test("an object without a name of its class is told as an object of a class", () => {
  for (const constructor of [undefined, null, { name: 1 }, { name: "" }]) {
    const value = Object.create(
      Object.create(Object.create(null), { constructor: { value: constructor } }),
    );
    assertEquals(refusal({ a: value }), "a is an object of a class, whose data JSON does not see");
  }
});

Deno.test("an empty object is a value, with a prototype or without, and one of a class is none", () => {
  const value = { a: {}, b: Object.create(null), c: [] };
  assertEquals(toJsonValue(value) === value, true);
  assertEquals(
    refusal({ a: new (class Empty {})() }),
    "a is an Empty, whose data JSON does not see",
  );
});

Deno.test("`toJSON()` gets the name of its member, as from `JSON.stringify()`", () => {
  const keys: unknown[] = [];
  const value = {
    toJSON(key: unknown) {
      keys.push(key);
      return 7;
    },
  };
  assertEquals(toJsonValue({ a: value, b: [1, value, 2] }), { a: 7, b: [1, 7, 2] });
  assertEquals(keys, ["a", 1]);
});

Deno.test("`toJsonValue()` copies only what it changes, and the given value stays as it was", () => {
  const [same, half] = [{ a: [1] }, ["x", "\ud800", "y", "\ud800"]];
  const value = { same, none: undefined, half, after: undefined, last: null };
  const read = toJsonValue(value) as typeof value;
  assertEquals(JSON.parse(JSON.stringify(read)), {
    same,
    half: ["x", "\ufffd", "y", "\ufffd"],
    last: null,
  });
  assertEquals([read.same === same, half[1], value.half === half], [true, "\ud800", true]);
});

Deno.test("the path of what JSON cannot hold names no member beside it", () => {
  assertEquals(refusal({ a: { x: 1 }, b: 1n }), "b is a BigInt");
  assertEquals(refusal([[1], { x: [] }, [1, 1n]]), "[2][1] is a BigInt");
});
