import { assertEquals, assertInstanceOf } from "@std/assert";
import fc from "../deps/fast_check.ts";
import { CallAborted, messageOf, ProtocolError } from "../../lib/base/errors.ts";

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
