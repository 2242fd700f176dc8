/**
 * The doctor against servers that mean it harm: its memory and its time are bounded.
 *
 * @module
 */
import { assert, assertEquals, assertLess, assertMatch } from "@std/assert";
import { examine, type Report } from "../../../doctor/engine/examine.js";
import { rowsOf } from "../../../doctor/engine/table.js";

const CHUNK = new TextEncoder().encode("x".repeat(65_536));
const FLOOD = new TextEncoder().encode(`data: {"n":1}\n\n`.repeat(4_000));
const PONG = { jsonrpc: "2.0", id: "reach", result: {} };
const MAX_BYTES = 64 * 1024 * 1024;
const PATIENCE_MS = 300;

/** A body that goes on for as long as somebody reads it, and counts what was taken. */
class EndlessBody {
  bytes = 0;
  /** The pull that goes on. */
  pulling: Promise<void> = Promise.resolve();
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;

  constructor(chunk: Uint8Array<ArrayBuffer>, begin = "") {
    const first = new TextEncoder().encode(begin);
    this.stream = new ReadableStream({
      start: (controller) => {
        if (first.byteLength > 0) controller.enqueue(first);
      },
      pull: (controller) => {
        this.bytes += chunk.byteLength;
        controller.enqueue(chunk);
        // A timer that stops the reading must have its turn.
        return this.pulling = new Promise((resolve) => setTimeout(resolve));
      },
    });
  }
}

/** Examines a server that answers with these responses, and tells how much was read. */
async function examined(
  answer: (request: Request, body: (chunk?: typeof CHUNK, begin?: string) => BodyInit) => Response,
): Promise<{ report: Report; bytes: number; ms: number }> {
  const bodies: EndlessBody[] = [];
  const begin = performance.now();
  const report = await examine("http://localhost/", {
    fetch: (input, init) =>
      Promise.resolve(
        answer(new Request(input, { ...init, signal: null }), (chunk = CHUNK, begin = "") => {
          const body = new EndlessBody(chunk, begin);
          bodies.push(body);
          return body.stream;
        }),
      ),
    patienceMs: PATIENCE_MS,
    stepMs: 5,
  });
  await Promise.all(bodies.map(({ pulling }) => pulling));
  const bytes = bodies.reduce((sum, body) => sum + body.bytes, 0);
  return { report, bytes, ms: performance.now() - begin };
}

function isStream({ headers }: Request): boolean {
  return headers.get("accept")?.includes("text/event-stream") ?? false;
}

const EVENT_STREAM = { headers: { "content-type": "text/event-stream" } };

Deno.test("an endless answer to the first ping is read up to a bound", async () => {
  const { report, bytes } = await examined((_, body) => new Response(body()));
  assertLess(bytes, MAX_BYTES);
  assertEquals(report.measured, undefined);
  assertMatch(report.findings[0]?.evidence ?? "", /longer than 4096 KiB|did not end in time/);
});

Deno.test("an endless refusal is read up to a bound, and its status counts", async () => {
  const { report, bytes } = await examined((_, body) => new Response(body(), { status: 404 }));
  assertLess(bytes, MAX_BYTES);
  assertMatch(report.findings[0]?.evidence ?? "", /status 404/);
});

const FLOODS: readonly { what: string; chunk: Uint8Array<ArrayBuffer>; begin: string }[] = [
  { what: "events", chunk: FLOOD, begin: "" },
  { what: "events after a welcome", chunk: FLOOD, begin: "event: welcome\ndata: {}\n\n" },
  { what: "one line", chunk: CHUNK, begin: "data: " },
  { what: "one comment", chunk: CHUNK, begin: ":" },
  {
    what: "short lines of one event",
    chunk: new TextEncoder().encode("data\n".repeat(10_000)),
    begin: "",
  },
];

for (const { what, chunk, begin } of FLOODS) {
  Deno.test(`an endless stream of ${what} is left after a bound, and told`, async () => {
    const { report, bytes, ms } = await examined((request, body) =>
      isStream(request) && !request.headers.get("accept")?.includes("json")
        ? new Response(body(chunk, begin), EVENT_STREAM)
        : Response.json(PONG)
    );
    assertLess(bytes, 4 * MAX_BYTES);
    assertLess(ms, 20_000);
    assertEquals(report.verdict, "problems");
    assert(rowsOf(report).some(({ tone }) => tone === "bad"));
  });
}

Deno.test("texts that a server chooses are cut in the report", async () => {
  const error = { jsonrpc: "2.0", id: null, error: { code: 1, message: "m".repeat(60_000) } };
  const { report } = await examined(() => Response.json(error, { status: 403 }));
  assertLess(JSON.stringify(report).length, 5_000);
});
