import { assertEquals, assertInstanceOf, assertMatch, assertThrows } from "@std/assert";
import fc from "../deps/fast_check.ts";
import {
  CallAborted,
  messageOf,
  ProtocolError,
  type ProtocolErrorKind,
  stackOf,
} from "../../lib/base/errors.ts";

Deno.test("`messageOf()` gives a text for whatever was thrown", () => {
  const hostile = {
    toString() {
      throw new Error("no");
    },
  };
  class HostileError extends Error {
    override get message(): string {
      throw new Error("no");
    }
  }
  const cases: [unknown, string][] = [
    [new TypeError("broken"), "broken"],
    ["text", "text"],
    [undefined, "undefined"],
    [null, "null"],
    [42n, "42"],
    [Symbol("s"), "Symbol(s)"],
    [hostile, "Unknown error"],
    [Object.create(null), "Unknown error"],
    [new HostileError(), "Unknown error"],
    [{ message: "quota exceeded", code: 429 }, "quota exceeded"],
    [{ code: 429 }, '{"code":429}'],
    [{}, "Unknown error"],
    [[1, "two"], '[1,"two"]'],
    [{ toString: () => "own words" }, "own words"],
    [new AggregateError([new Error("a"), "b"], "All failed"), "All failed: a; b"],
    [new AggregateError([new Error("a"), new AggregateError(["b", "c"])]), "a; b; c"],
    [new Error("", { cause: new Error("the disk is full") }), "the disk is full"],
    [new Error("Cannot save", { cause: new Error("the disk is full") }), "Cannot save"],
  ];
  for (const [thrown, expected] of cases) assertEquals(messageOf(thrown), expected);
});

Deno.test("property: `messageOf()` never throws and always gives a string", () => {
  fc.assert(fc.property(fc.anything({ withNullPrototype: true }), (thrown) => {
    assertEquals(typeof messageOf(thrown), "string");
  }));
});

Deno.test("a `ProtocolError` keeps what it was given and nothing it was not", () => {
  const cause = new Error("inner");
  const error = new ProtocolError("parse_error", "Parse error", {
    data: { at: 3 },
    id: 0,
    headers: { allow: "GET" },
    cause,
  });
  assertInstanceOf(error, Error);
  assertEquals(
    [error.kind, error.message, error.data, error.id, error.headers, error.cause],
    ["parse_error", "Parse error", { at: 3 }, 0, { allow: "GET" }, cause],
  );
  const bare = new ProtocolError("internal_error", "Internal error");
  assertEquals([bare.data, bare.id, bare.headers, "cause" in bare], [
    undefined,
    undefined,
    undefined,
    false,
  ]);
});

Deno.test("a `CallAborted` tells its reason in the message unless given a better one", () => {
  assertEquals(new CallAborted("timeout").message, "Call aborted: timeout");
  assertEquals(new CallAborted("timeout", "Too late").message, "Too late");
  assertEquals(new CallAborted("timeout").reason, "timeout");
});

Deno.test("`stackOf()` gives the stack with those of the causes and of the errors it holds", () => {
  const cause = new AggregateError([new Error("inner"), "text"], "several");
  const stack = stackOf(new Error("outer", { cause })) ?? "";
  assertMatch(stack, /^Error: outer\n +at /);
  assertMatch(
    stack,
    /\nCaused by: AggregateError: several\n +at [^]*\nCaused by: Error: inner\n +at /,
  );
  assertMatch(stack, /\nCaused by: text$/);
  assertEquals(stackOf("text"), undefined);
});

Deno.test("`stackOf()` and `messageOf()` end for errors that are their own cause", () => {
  const circle = new Error("");
  circle.cause = circle;
  assertEquals([typeof stackOf(circle), messageOf(circle)], ["string", ""]);
});

Deno.test("property: `stackOf()` never throws", () => {
  fc.assert(fc.property(fc.anything({ withNullPrototype: true }), (thrown) => {
    stackOf(thrown);
    stackOf(Object.assign(new Error("x"), { cause: thrown }));
  }));
});

Deno.test("`messageOf()` reads the errors of an AggregateError only", () => {
  assertEquals(messageOf(new AggregateError([new Error("two")], "one")), "one: two");
  assertEquals(messageOf(Object.assign(new Error("one"), { errors: [new Error("two")] })), "one");
});

Deno.test("a ProtocolError of a kind that does not exist is refused where it is made", () => {
  for (const kind of ["nope", "constructor", undefined]) {
    const { message } = assertThrows(
      () => new ProtocolError(kind as ProtocolErrorKind, "no"),
      TypeError,
    );
    assertMatch(message, /^No ProtocolError is of the kind .*; use one of parse_error, /);
  }
  const code = Number.NaN;
  assertThrows(() => new ProtocolError("forbidden", "no", { code }), TypeError, "not NaN");
});

Deno.test("a thrown object's text ends after 1,000 characters", () => {
  const told = messageOf({ toString: () => "x".repeat(1_001) });
  assertEquals(told, "x".repeat(1_000));
});

Deno.test("of an AggregateError ten errors are read, in both forms", () => {
  const many = Array.from({ length: 12 }, (_, index) => `e${index}`);
  assertEquals(messageOf(new AggregateError(many)), many.slice(0, 10).join("; "));
  const stack = stackOf(new AggregateError(many, "several")) ?? "";
  assertEquals(stack.match(/Caused by: e\d+$/gm)?.length, 10);
});

/** An error with so many causes behind it, each without words but the last. */
function chain(causes: number): Error {
  let error = new Error("last");
  for (let left = causes; left > 0; left--) error = new Error("", { cause: error });
  return error;
}

Deno.test("four causes of causes are read, in both forms", () => {
  assertEquals([messageOf(chain(4)), messageOf(chain(5))], ["last", ""]);
  const caused = (causes: number) => stackOf(chain(causes))?.match(/Caused by: /g)?.length;
  assertEquals([caused(3), caused(4), caused(6)], [3, 4, 4]);
  const nested = (depth: number): unknown =>
    depth === 0 ? new Error("last") : new AggregateError([nested(depth - 1)], `${depth}`);
  assertEquals(messageOf(nested(4)), "4: 3: 2: 1: last");
  assertEquals(messageOf(nested(5)), "5: 4: 3: 2: 1");
});

Deno.test("an error without a message or a cause has the text of nothing", () => {
  assertEquals([messageOf(new Error("")), messageOf(new AggregateError([]))], ["", ""]);
  const bare = Object.assign(new Error("words"), { stack: undefined });
  assertEquals(stackOf(bare), "Error: words");
});

Deno.test("`forRequest()` gives an error an id once, and keeps everything else", () => {
  const cause = new Error("inner");
  const error = new ProtocolError("overloaded", "Full", {
    data: [1],
    headers: { "retry-after": "1" },
    code: -5,
    cause,
  });
  const answer = error.forRequest(7);
  assertEquals(
    [answer.kind, answer.message, answer.data, answer.id, answer.headers, answer.code],
    ["overloaded", "Full", [1], 7, { "retry-after": "1" }, -5],
  );
  assertEquals([answer.cause, error.id], [cause, undefined]);
  assertEquals(answer.forRequest(8) === answer, true);
  const zero = new ProtocolError("overloaded", "Full", { id: 0 });
  assertEquals(zero.forRequest(8) === zero, true);
  const bare = new ProtocolError("draining", "Bye").forRequest("a");
  assertEquals([bare.id, bare.headers, bare.code, bare.data], [
    "a",
    undefined,
    undefined,
    undefined,
  ]);
});
