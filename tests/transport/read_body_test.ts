/** Bodies as they are read: which are counted, which are parsed in turn, and the limits of each. */
import { assertEquals, assertThrows } from "@std/assert";
import { ProtocolError } from "../../lib/base/errors.ts";
import { TimerWheel } from "../../lib/base/timer_wheel.ts";
import { BodyBudget } from "../../lib/stream/admit/body_budget.ts";
import { type BodyConsumer, BodyDeadlines } from "../../lib/transport/body/deadlines.ts";
import type { BodyLimits } from "../../lib/transport/body/large_body.ts";
import { readBody } from "../../lib/transport/body/read_body.ts";
import { settled } from "../helpers/time.ts";

const JSON_TYPE = { "content-type": "application/json" };
const CLOSE = { connection: "close" };

/** A JSON text of so many bytes. */
function textOf(bytes: number): string {
  return JSON.stringify("x".repeat(bytes - 2));
}

interface Sent {
  readonly chunks: readonly string[];
  readonly headers?: Record<string, string>;
  readonly maxBytes?: number;
  readonly maxValues?: number;
  readonly room?: number;
  /** Holds up the answer until it settles. */
  readonly gate?: Promise<void>;
}

/** Reads a body; all that is done is told in order, with the bytes that count. */
function send(
  { chunks, headers = JSON_TYPE, maxBytes = 100_000, maxValues = 1_000, room = 1e6, gate }: Sent,
) {
  const told: unknown[][] = [];
  const wheel = new TimerWheel();
  const bodies = new BodyBudget(
    { MCP_MAX_TOTAL_BODY_BYTES: room, MCP_MAX_BODY_BYTES_PER_CLIENT: room },
    (refusal) => {
      throw new ProtocolError("overloaded", refusal);
    },
  );
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      const chunk = left.shift();
      if (chunk === undefined) return controller.close();
      controller.enqueue(new TextEncoder().encode(chunk));
    },
    cancel: () => void told.push(["cancelled"]),
  }, { highWaterMark: 0 });
  const left = [...chunks];
  const request = new Request("http://host/mcp", { method: "POST", headers, body });
  const consumer: BodyConsumer = {
    request,
    headers: request.headers,
    contentType: request.headers.get("content-type"),
    contentLength: request.headers.get("content-length"),
    client: { key: "client" } as BodyConsumer["client"],
    take: (value) => {
      const shown = typeof value === "string" ? value.length : value;
      told.push(["take", shown, bodies.total]);
      const release = bodies.hold();
      if (gate === undefined) return (release?.(), new Response());
      return gate.then(() => (release?.(), new Response()));
    },
    fail: ({ kind, message, headers }) => {
      told.push(["fail", kind, message, headers]);
      return new Response();
    },
  };
  const limits = {
    MCP_MAX_BODY_BYTES: maxBytes,
    MCP_MAX_BODY_VALUES: maxValues,
    deadlines: new BodyDeadlines(60_000, wheel),
    admission: { bodies, admitBody: () => void told.push(["admit"]) },
    turns: { take: (work: () => unknown) => (told.push(["turn"]), Promise.resolve(work())) },
  } as unknown as BodyLimits;
  const read = async () => {
    try {
      return await readBody(consumer, limits);
    } finally {
      wheel.stop();
    }
  };
  const begin = () => readBody(consumer, limits);
  return { told, bodies, read, begin, wheel };
}

function declared(bytes: number): Record<string, string> {
  return { ...JSON_TYPE, "content-length": String(bytes) };
}

for (
  const [bytes, told] of [
    [16_384, [["admit"], ["take", 16_382, 0]]],
    [16_385, [["admit"], ["admit"], ["turn"], ["take", 16_383, 16_385]]],
  ] as const
) {
  Deno.test(`a body that declares ${bytes} bytes is ${told.length > 2 ? "counted and parsed in turn" : "read at once"}`, async () => {
    const sent = send({ chunks: [textOf(bytes)], headers: declared(bytes) });
    await sent.read();
    await settled();
    assertEquals<unknown>([sent.told, sent.bodies.total], [told, 0]);
  });
}

Deno.test("a body of no declared length counts from 16,385 bytes on, each byte once", async () => {
  const text = textOf(20_000);
  for (
    const [cuts, counted] of [
      [[16_384], 20_000],
      [[10_000], 20_000],
      [[16_385, 18_000], 20_000],
      [[1, 2, 16_383], 20_000],
    ] as const
  ) {
    const at = [0, ...cuts, text.length];
    const chunks = at.slice(1).map((end, index) => text.slice(at[index], end));
    const sent = send({ chunks });
    await sent.read();
    await settled();
    assertEquals(sent.told.at(-1), ["take", 19_998, counted]);
    assertEquals(sent.bodies.total, 0);
  }
});

Deno.test("a body of no declared length and of 16,384 bytes counts nothing, and is parsed at once", async () => {
  const sent = send({ chunks: [textOf(16_384)] });
  await sent.read();
  assertEquals(sent.told, [["admit"], ["take", 16_382, 0]]);
});

Deno.test("a body counts until its request has ended", async () => {
  const gate = Promise.withResolvers<void>();
  const sent = send({ chunks: [textOf(20_000)], headers: declared(20_000), gate: gate.promise });
  const reading = sent.read();
  await settled();
  assertEquals([sent.told.at(-1), sent.bodies.total], [["take", 19_998, 20_000], 20_000]);
  gate.resolve();
  await reading;
  await settled();
  assertEquals(sent.bodies.total, 0);
});

for (const headers of [JSON_TYPE, declared(20_001)]) {
  const how = "content-length" in headers ? "declared" : "chunked";
  Deno.test(`a ${how} body of as many bytes as the limit is taken, and of one more refused`, async () => {
    const chunks = [textOf(20_001).slice(0, 9_000), textOf(20_001).slice(9_000)];
    const taken = send({ chunks, headers, maxBytes: 20_001 });
    await taken.read();
    assertEquals(taken.told.at(-1), ["take", 19_999, 20_001]);
    const refused = send({ chunks, headers, maxBytes: 20_000 });
    const message = "The body is larger than 20000 bytes (MCP_MAX_BODY_BYTES)";
    if (how === "declared") {
      const error = assertThrows(() => void refused.begin(), ProtocolError, message);
      assertEquals([error.kind, error.headers, refused.told], ["body_too_large", CLOSE, []]);
      refused.wheel.stop();
    } else {
      await refused.read();
      assertEquals(refused.told, [
        ["admit"],
        ["cancelled"],
        ["fail", "body_too_large", message, CLOSE],
      ]);
    }
    await settled();
    assertEquals([taken.bodies.total, refused.bodies.total], [0, 0]);
  });
}

Deno.test("a large body of as many values as the limit is taken, and of one more refused", async () => {
  const list = (values: number) =>
    `[${Array(values - 1).fill("1").join(",")}]` + " ".repeat(20_000);
  for (const values of [100, 101]) {
    const sent = send({ chunks: [list(values)], maxValues: 100 });
    await sent.read();
    const last = sent.told.at(-1)!;
    if (values === 100) assertEquals((last[1] as unknown[]).length, 99);
    else {
      assertEquals(last, [
        "fail",
        "body_too_large",
        "The body holds more than 100 values (MCP_MAX_BODY_VALUES)",
        CLOSE,
      ]);
    }
    await settled();
    assertEquals(sent.bodies.total, 0);
  }
});

Deno.test("a body for which there is no room is refused, unread where it is declared, and counts nothing", async () => {
  const chunks = [textOf(20_000)];
  const early = send({ chunks, headers: declared(20_000), room: 19_999 });
  assertThrows(() => void early.begin(), ProtocolError, "body_bytes");
  early.wheel.stop();
  const late = send({ chunks, room: 19_999 });
  await late.read();
  assertEquals(late.told.at(-1)?.slice(0, 2), ["fail", "overloaded"]);
  await settled();
  assertEquals([early.bodies.total, late.bodies.total], [0, 0]);
});

Deno.test("a body without a type may only be empty", async () => {
  for (
    const [chunks, told] of [
      [[], [["take", undefined, 0]]],
      [["", ""], [["take", undefined, 0]]],
      [["", "", "{}"], [["cancelled"], [
        "fail",
        "unsupported_media_type",
        "Unsupported Content-Type (none): send the JSON-RPC message as application/json in UTF-8",
        undefined,
      ]]],
    ] as const
  ) {
    const sent = send({ chunks, headers: {} });
    await sent.read();
    assertEquals<unknown>(sent.told, told);
  }
});

Deno.test("a body of another type is refused before it is read, with a hundred characters of its type", () => {
  const type = `text/${"x".repeat(120)}`;
  const sent = send({ chunks: ["{}"], headers: { "content-type": type } });
  const error = assertThrows(() => void sent.begin(), ProtocolError);
  assertEquals(
    error.message,
    `Unsupported Content-Type "${type.slice(0, 100)}": send the JSON-RPC message as ` +
      "application/json in UTF-8",
  );
  assertEquals(sent.told, []);
  sent.wheel.stop();
});

Deno.test("a body that declares no bytes is none, whatever its type", async () => {
  const sent = send({
    chunks: [],
    headers: { "content-type": "text/plain", "content-length": "0" },
  });
  await sent.read();
  assertEquals(sent.told, [["take", undefined, 0]]);
});
