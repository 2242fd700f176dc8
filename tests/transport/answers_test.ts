/** The responses on their way out: which are too large, and which are counted while they wait. */
import { assertEquals } from "@std/assert";
import type { MaybePromise } from "../../lib/base/promises.ts";
import { type JsonRpcResponse, resultResponse, SerializedResult } from "../../lib/wire/json_rpc.ts";
import { Answers } from "../../lib/transport/answers.ts";
import fc from "../deps/fast_check.ts";
import { CapturedLog } from "../helpers/log.ts";

/** Answers with a limit, and the lengths of those that count while they wait. */
function answersUpTo(maxBytes: number) {
  const counted: number[] = [];
  const body = (text: string) => {
    counted.push(text.length);
    return new Response(text).body!;
  };
  return { answers: new Answers({ body }, maxBytes), counted };
}

function respond(result: unknown): JsonRpcResponse {
  return resultResponse(1, result);
}

function bytesOf(value: unknown): number {
  return new TextEncoder().encode(JSON.stringify(value)).length;
}

/** A result as a tool gives it, of exactly so many bytes or more. */
const SHAPES: Record<string, (bytes: number) => unknown> = {
  "one text": (bytes) => ({ t: "x".repeat(bytes - 8) }),
  "a text that is escaped": (bytes) => ({ t: "\u0001".repeat(Math.ceil((bytes - 8) / 6)) }),
  "a text of three bytes a character": (bytes) => ({ t: "€".repeat(Math.ceil((bytes - 8) / 3)) }),
  "a list of empty texts": (bytes) => ({ t: Array(Math.ceil((bytes - 7) / 3)).fill("") }),
  "a list of numbers": (bytes) => ({
    t: Array(Math.ceil(bytes / 24)).fill(-1.2345678901234567e-100),
  }),
  "a list of nothing": (bytes) => ({ t: Array(Math.ceil(bytes / 5)).fill(null) }),
  "many short members": (bytes) =>
    Object.fromEntries(Array.from({ length: bytes / 6 }, (_, index) => [
      String.fromCharCode(0x100 + index),
      "",
    ])),
  "one text in a list": (bytes) => ({ t: ["x".repeat(bytes - 10)] }),
  "a list of long texts": (bytes) => ({ t: Array(Math.ceil(bytes / 53)).fill("x".repeat(50)) }),
  "long names": (bytes) => ({ ["n".repeat(bytes)]: 1 }),
  "lists in lists": (bytes) => ({ t: Array(Math.ceil(bytes / 3)).fill([]) }),
  "objects in a list": (bytes) => ({ t: Array(Math.ceil(bytes / 7)).fill({ a: 1 }) }),
};

for (const [shape, make] of Object.entries(SHAPES)) {
  Deno.test(`a result of ${shape} is refused over the limit, however small it is, and else sent`, async () => {
    using _log = new CapturedLog("error");
    for (const bytes of [60, 600, 6_000, 30_000]) {
      const result = make(bytes);
      const size = bytesOf(result);
      for (const maxBytes of [size - 1, size, size + 1]) {
        const { answers } = answersUpTo(maxBytes);
        const answer = await answers.json(respond(result)).json();
        assertEquals("result" in answer, maxBytes >= size, `${size} of ${maxBytes}`);
        if ("result" in answer) assertEquals(answer.result, result);
        assertEquals("result" in answers.sendable(respond(result)), maxBytes >= size);
        assertEquals("result" in JSON.parse(answers.text(respond(result))), maxBytes >= size);
      }
    }
  });
}

Deno.test("whatever a result holds, it is an error exactly where its JSON has more bytes than the limit", async () => {
  using _log = new CapturedLog("error");
  const result = fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue({ maxDepth: 3 }));
  await fc.assert(
    fc.asyncProperty(result, fc.integer({ min: -20, max: 20 }), async (value, over) => {
      const maxBytes = Math.max(1, bytesOf(value) + over);
      const { answers } = answersUpTo(maxBytes);
      const answer = await answers.json(respond(value)).json();
      assertEquals("result" in answer, bytesOf(value) <= maxBytes);
    }),
    { numRuns: 200 },
  );
});

Deno.test("a result that was written before has the limit, too", async () => {
  using _log = new CapturedLog("error");
  const written = () => respond(new SerializedResult({ text: "x".repeat(100) }));
  const size = bytesOf({ text: "x".repeat(100) });
  const passes = await answersUpTo(size).answers.json(written()).json();
  assertEquals(passes.result.text.length, 100);
  const refused = await answersUpTo(size - 1).answers.json(written()).json();
  assertEquals(refused.error.code, -32603);
});

Deno.test("the error for a result that is too large names its limit, and the log the size", async () => {
  using log = new CapturedLog("warning");
  const { answers } = answersUpTo(50);
  assertEquals(await answers.json(respond({ text: "é".repeat(40) })).json(), {
    jsonrpc: "2.0",
    id: 1,
    error: {
      code: -32603,
      message: "The result is larger than the 50 bytes that MCP_MAX_RESULT_BYTES allows; ask " +
        "for less at a time",
    },
  });
  const [entry] = log.of("Result too large");
  assertEquals([entry?.fields.characters, entry?.fields.max_bytes], [51, 50]);
});

for (const text of ["short", "x".repeat(20_000)]) {
  Deno.test(`a ${text.length > 10 ? "long" : "short"} result that JSON cannot hold is an internal error, and is logged`, async () => {
    const forms: readonly ((answers: Answers, broken: JsonRpcResponse) => MaybePromise<unknown>)[] =
      [
        (answers, broken) => answers.json(broken).json(),
        (answers, broken) => JSON.parse(answers.text(broken)),
        async (answers, broken) => (await answers.batch([broken]).json())[0],
      ];
    for (const answerOf of forms) {
      using log = new CapturedLog("error");
      const { answers } = answersUpTo(1_000_000);
      assertEquals(await answerOf(answers, respond({ text, number: 1n })), {
        jsonrpc: "2.0",
        error: { code: -32603, message: "Internal error" },
        id: 1,
      });
      const [entry] = log.of("Request failed");
      assertEquals(typeof entry?.fields.stack, "string");
      assertEquals(/BigInt/.test(String(entry?.fields.error)), true);
    }
  });
}

Deno.test("an answer of more than 16,384 characters counts while it waits, and none that is shorter", async () => {
  const empty = JSON.stringify(respond({ text: "" })).length;
  for (const [length, isCounted] of [[16_383, false], [16_384, false], [16_385, true]] as const) {
    const { answers, counted } = answersUpTo(1_000_000);
    const response = answers.json(respond({ text: "x".repeat(length - empty) }));
    assertEquals((await response.text()).length, length);
    assertEquals(counted, isCounted ? [length] : []);
  }
});

Deno.test("an answer as JSON, as a batch and as a stream has the status and type of each", async () => {
  const { answers } = answersUpTo(1_000);
  const answer = respond({ a: 1 });
  const text = '{"jsonrpc":"2.0","result":{"a":1},"id":1}';
  const of = async (response: Response) => [
    response.status,
    response.headers.get("content-type"),
    await response.text(),
  ];
  const json = "application/json";
  assertEquals(JSON.parse((await of(answers.json(answer)))[2] as string), answer);
  assertEquals((await of(answers.json(answer))).slice(0, 2), [200, json]);
  assertEquals(await of(answers.json(answer, 404)), [404, json, text]);
  assertEquals(await of(answers.batch([answer, answer])), [200, json, `[${text},${text}]`]);
  assertEquals(await of(answers.batch([])), [200, json, "[]"]);
  assertEquals(await of(answers.event(answer)), [
    200,
    "text/event-stream",
    `event: message\ndata: ${text}\n\n`,
  ]);
  const stream = answers.eventStream(": hello\n\n");
  assertEquals(Object.fromEntries(stream.headers), {
    "content-type": "text/event-stream",
    "cache-control": "no-cache, no-transform",
    "x-accel-buffering": "no",
  });
  assertEquals(await stream.text(), ": hello\n\n");
});

Deno.test("the answers to a batch share the limit: each has what those before it have left", () => {
  using _log = new CapturedLog("error");
  const answer = respond({ text: "x".repeat(100) });
  const length = JSON.stringify(answer).length;
  const size = bytesOf({ text: "x".repeat(100) });
  for (
    const [maxBytes, passed] of [[length + size, 2], [length + size - 1, 1], [size, 1]] as const
  ) {
    const texts: JsonRpcResponse[] = JSON.parse(
      answersUpTo(maxBytes).answers.batchText([answer, answer]),
    );
    assertEquals(texts.filter((one) => "result" in one).length, passed, String(maxBytes));
  }
});
