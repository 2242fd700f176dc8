import {
  assert,
  assertEquals,
  assertGreater,
  assertInstanceOf,
  assertStringIncludes,
} from "@std/assert";
import fc from "../deps/fast_check.ts";
import { ProtocolError, type ProtocolErrorKind } from "../../lib/base/errors.ts";
import { toErrorResponse } from "../../lib/wire/error_table.ts";
import {
  isNotification,
  isRequest,
  isResponse,
  type JsonRpcRequest,
  MAX_DEPTH,
  notification,
  parseJson,
  parseMessage,
  resultResponse,
  SerializedResult,
  toJson,
} from "../../lib/wire/json_rpc.ts";

/** The protocol error that `run` throws. */
function refusal(run: () => unknown): ProtocolError {
  try {
    run();
  } catch (error) {
    assertInstanceOf(error, ProtocolError);
    return error;
  }
  throw new Error("Nothing was refused");
}

function assertRefused(value: unknown, kind: ProtocolErrorKind, says: string): void {
  const error = refusal(() => parseMessage(value));
  assertEquals(error.kind, kind, `for ${JSON.stringify(value)}`);
  assertStringIncludes(error.message, says);
}

const request = { jsonrpc: "2.0", id: 1, method: "ping" };

Deno.test("`parseMessage()` takes ids that are strings, numbers, 0 and the empty string", () => {
  for (const id of ["a", "", "0", 0, 1, -1, 1.5, 2 ** 53 - 1, -(2 ** 53 - 1)]) {
    const message = parseMessage({ ...request, id });
    assert(isRequest(message));
    assertEquals(message.id, id);
  }
});

Deno.test("`parseMessage()` refuses ids that are null, booleans, lists, objects, or too large to keep", () => {
  for (const id of [null, true, false, [], {}, [1], 2 ** 53, -(2 ** 53), 1e300, Infinity, NaN]) {
    assertRefused(
      { ...request, id },
      "invalid_request",
      '"id" must be a string of up to 8192 characters or a number',
    );
  }
});

Deno.test("`parseJson()` and `parseMessage()` refuse an id whose digits JavaScript would change", () => {
  for (const digits of ["9007199254740993", "1e400", "-9007199254740993"]) {
    const text = `{"jsonrpc":"2.0","method":"ping","id":${digits}}`;
    assertEquals(refusal(() => parseMessage(parseJson(text))).kind, "invalid_request");
  }
});

Deno.test("a message without an id is a notification, one without a method a response", () => {
  const told = parseMessage({ jsonrpc: "2.0", method: "notifications/cancelled" });
  assert(isNotification(told) && !isRequest(told) && !isResponse(told));
  const answered = parseMessage({ jsonrpc: "2.0", id: 1, result: null });
  assert(isResponse(answered) && !isRequest(answered) && !isNotification(answered));
  const failed = parseMessage({ jsonrpc: "2.0", id: null, error: { code: -32700, message: "" } });
  assert(isResponse(failed));
});

Deno.test("`parseMessage()` refuses a batch and says so", () => {
  for (const batch of [[], [request], [request, request], [[]], [1, 2]]) {
    assertRefused(batch, "invalid_request", "batches are not supported");
  }
});

Deno.test("`parseMessage()` refuses values that are not objects", () => {
  for (const value of [null, true, 0, 1.5, "", '{"jsonrpc":"2.0"}']) {
    assertRefused(value, "invalid_request", "a message is a JSON object");
  }
});

Deno.test("`parseMessage()` refuses any jsonrpc but 2.0", () => {
  for (const jsonrpc of [undefined, null, "1.0", "2", 2, 2.0, ["2.0"]]) {
    assertRefused({ ...request, jsonrpc }, "invalid_request", '"jsonrpc" must be "2.0"');
  }
});

Deno.test("`parseMessage()` refuses a method that is no name", () => {
  for (const method of [null, "", 1, {}, ["ping"]]) {
    assertRefused({ ...request, method }, "invalid_request", '"method" must be');
  }
  assertRefused({ jsonrpc: "2.0", id: 1 }, "invalid_request", '"method" is missing');
});

Deno.test("`parseMessage()` refuses params that are not an object as invalid params, with the id", () => {
  for (const params of [[], [1], "a", 1, true, null]) {
    const error = refusal(() => parseMessage({ ...request, id: "p", params }));
    assertEquals([error.kind, error.id], ["invalid_params", "p"]);
  }
  assertRefused(
    { jsonrpc: "2.0", method: "ping", params: [] },
    "invalid_params",
    '"params" must be an object',
  );
});

Deno.test("`parseMessage()` refuses a message that is both a call and an answer", () => {
  const error = { code: 1, message: "" };
  for (const extra of [{ result: 1 }, { error }, { result: 1, error }]) {
    assertRefused({ ...request, ...extra }, "invalid_request", "either");
  }
});

Deno.test("`parseMessage()` refuses a response that is half, double or without id", () => {
  const error = { code: 1, message: "" };
  assertRefused({ jsonrpc: "2.0", id: 1, result: 1, error }, "invalid_request", "either");
  assertRefused({ jsonrpc: "2.0", result: 1 }, "invalid_request", '"id"');
  assertRefused({ jsonrpc: "2.0", id: null, result: 1 }, "invalid_request", '"id"');
  for (const bad of [null, {}, "x", { code: 1.5, message: "" }, { code: 1 }, { message: "" }]) {
    assertRefused({ jsonrpc: "2.0", id: 1, error: bad }, "invalid_request", '"error" needs');
  }
});

Deno.test("a refusal carries the id wherever one could be read", () => {
  const cases: unknown[] = [
    { jsonrpc: "1.0", id: 7, method: "ping" },
    { jsonrpc: "2.0", id: 7 },
    { jsonrpc: "2.0", id: 7, method: "" },
    { jsonrpc: "2.0", id: 7, method: "ping", result: 1 },
    { jsonrpc: "2.0", id: 7, method: "ping", params: [] },
  ];
  for (const value of cases) assertEquals(refusal(() => parseMessage(value)).id, 7);
  const unreadable = refusal(() => parseMessage({ ...request, id: {} }));
  assertEquals(toErrorResponse(unreadable).id, null);
});

Deno.test("`parseJson()` tells a parse error from an empty text", () => {
  for (const text of ["", "  ", "\n"]) {
    const error = refusal(() => parseJson(text));
    assertEquals(error.kind, "parse_error");
    assertStringIncludes(error.message, "the body is empty");
  }
  for (const text of ["{", "{}}", "undefined", "{'a':1}", '{"a":1,}', "NaN", "\ufeff\ufeff{}"]) {
    const error = refusal(() => parseJson(text));
    assertEquals(error.kind, "parse_error", text);
    assertStringIncludes(error.message, "not valid JSON");
  }
});

for (
  const [text, place] of [
    ['{"jsonrpc":', "after character 11: something is missing"],
    ['{"a":1,}', "at character 8"],
    ["{'a':1}", "at character 2"],
    ["'{}'", `at "'"`],
    ["", "empty"],
  ] as const
) {
  Deno.test(`\`parseJson()\` tells where ${JSON.stringify(text)} stops being JSON`, () => {
    assertStringIncludes(refusal(() => parseJson(text)).message, place);
  });
}

Deno.test("an id has at most 8,192 characters", () => {
  const request = (length: number): JsonRpcRequest => ({
    jsonrpc: "2.0",
    id: "x".repeat(length),
    method: "ping",
  });
  assertEquals(parseMessage(request(8_192)), request(8_192));
  const error = refusal(() => parseMessage(request(8_193)));
  assertStringIncludes(error.message, '"id" must be a string of up to 8192 characters');
});

/** A request nested so many levels deep, the message itself being level 1. */
function nested(levels: number, [open, close]: readonly [string, string]): string {
  const inner = open.repeat(levels - 2) + "1" + close.repeat(levels - 2);
  return `{"jsonrpc":"2.0","id":9,"method":"ping","params":{"deep":${inner}}}`;
}

Deno.test("`parseJson()` takes 64 levels and refuses 65, in arrays and in objects, with the id", () => {
  for (const brackets of [["[", "]"], ['{"a":', "}"]] as const) {
    parseMessage(parseJson(nested(MAX_DEPTH, brackets)));
    const error = refusal(() => parseJson(nested(MAX_DEPTH + 1, brackets)));
    assertEquals([error.kind, error.id], ["invalid_request", 9]);
    assertStringIncludes(error.message, "deeper than 64 levels");
  }
  assertEquals(MAX_DEPTH, 64);
});

Deno.test("`parseJson()` refuses a million brackets without running out of stack", () => {
  for (const text of ["[".repeat(1e6) + "]".repeat(1e6), '{"a":'.repeat(1e6), "[".repeat(1e6)]) {
    assert(["invalid_request", "parse_error"].includes(refusal(() => parseJson(text)).kind));
  }
});

Deno.test("property: any JSON value is either a message or a ProtocolError that can be answered", () => {
  const member = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom("2.0", "ping", null, 0, "", {}, [], { code: 1, message: "m" }),
  );
  const nearly = fc.record({
    jsonrpc: fc.oneof({ weight: 5, arbitrary: fc.constant("2.0") }, member),
    id: member,
    method: member,
    params: member,
    result: member,
    error: member,
  }, { requiredKeys: [] });
  const params = fc.dictionary(fc.string(), fc.jsonValue());
  const id = fc.oneof(fc.string(), fc.integer());
  const valid = fc.oneof(
    fc.record({ jsonrpc: fc.constant("2.0"), id, method: fc.string({ minLength: 1 }), params }),
    fc.record({ jsonrpc: fc.constant("2.0"), method: fc.string({ minLength: 1 }), params }),
    fc.record({ jsonrpc: fc.constant("2.0"), id, result: params }),
  );
  let understood = 0;
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), nearly, valid, fc.array(nearly)), (value) => {
      const text = JSON.stringify(value);
      try {
        const message = parseMessage(parseJson(text));
        const kinds = [isRequest(message), isNotification(message), isResponse(message)];
        assertEquals(kinds.filter(Boolean).length, 1);
        assertEquals(message, JSON.parse(text));
        understood++;
      } catch (error) {
        assertInstanceOf(error, ProtocolError);
        const response = toErrorResponse(error);
        assertEquals(JSON.parse(JSON.stringify(response)).jsonrpc, "2.0");
        assert([-32700, -32600, -32602].includes(response.error.code));
      }
    }),
    { numRuns: 1_000 },
  );
  assertGreater(understood, 100);
});

Deno.test("property: any text at all is either a JSON value or a ProtocolError", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.json({ maxDepth: 3 })), (text) => {
      try {
        parseJson(text);
      } catch (error) {
        assertInstanceOf(error, ProtocolError);
      }
    }),
  );
});

Deno.test("a member named __proto__ is data and smuggles in no other member", () => {
  const text = '{"jsonrpc":"2.0","method":"ping","__proto__":{"id":5,"params":[]}}';
  assert(isNotification(parseMessage(parseJson(text))));
  const hidden = '{"__proto__":{"jsonrpc":"2.0","method":"ping","id":1}}';
  assertEquals(refusal(() => parseMessage(parseJson(hidden))).kind, "invalid_request");
});

Deno.test("`resultResponse()` and `notification()` make messages that parse again", () => {
  assertEquals(parseMessage(resultResponse(0, { a: 1 })), {
    jsonrpc: "2.0",
    id: 0,
    result: { a: 1 },
  });
  assertEquals(notification("m"), { jsonrpc: "2.0", method: "m" });
  assertEquals(parseMessage(notification("m", { a: 1 })), {
    jsonrpc: "2.0",
    method: "m",
    params: { a: 1 },
  });
});

Deno.test("property: `toJson()` of a kept result is what `JSON.stringify()` makes of its value", () => {
  const ids = fc.oneof(fc.string({ unit: "binary" }), fc.maxSafeInteger());
  fc.assert(fc.property(fc.dictionary(fc.string(), fc.jsonValue()), ids, (value, id) => {
    const plain = resultResponse(id, value);
    const kept = resultResponse(id, new SerializedResult(value));
    assertEquals(toJson(kept), JSON.stringify(plain));
    assertEquals(JSON.stringify([kept]), JSON.stringify([plain]));
    assertEquals(toJson(plain), JSON.stringify(plain));
  }));
});
