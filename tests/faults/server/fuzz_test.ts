/** For any bytes, the answer is HTTP, and JSON-RPC where that is promised. */
import { assert, assertEquals } from "@std/assert";
import fc from "../../deps/fast_check.ts";
import { assertLedgerClean, eventually, NOTHING, Stage } from "../../closure/scenario.ts";
import { serverSockets } from "../../closure/sockets.ts";
import { ENDPOINTS } from "../../../lib/http/routes/info.ts";
import { joinBytes, type ResponseHead, ResponseParser } from "../http_response.ts";
import { RawSocket } from "../socket.ts";

const RUNS = 3_000;
/** How long a client waits for what never comes (ms). */
const PATIENCE_MS = 30_000;
const SETTINGS = {
  MCP_BODY_TIMEOUT_MS: 50,
  MCP_SESSION_IDLE_MS: 500,
  MCP_STREAM_OPENS_BURST: 100_000,
  MCP_INITIALIZES_BURST: 100_000,
  MCP_INITIALIZES_PER_SECOND: 100_000,
  MCP_LOG_LEVEL: "warning",
};
const PATHS = [...new Set(ENDPOINTS.map(({ path }) => path))];
const ENCODER = new TextEncoder();

/** Any bytes but the ends of lines. */
const junk = fc.uint8Array({ maxLength: 30 })
  .map((bytes) => bytes.filter((byte) => byte !== 0x0a && byte !== 0x0d));
const text = fc.string({ maxLength: 30 }).map((chars) => chars.replace(/[\r\n]/g, " "));
const bytesOf = (arbitrary: fc.Arbitrary<string>) => arbitrary.map((one) => ENCODER.encode(one));
const either = (weight: number, usual: fc.Arbitrary<string>, ...rare: fc.Arbitrary<Uint8Array>[]) =>
  fc.oneof({ weight, arbitrary: bytesOf(usual) }, ...rare);

const method = either(
  40,
  fc.constantFrom("GET", "POST", "POST", "POST", "DELETE", "HEAD", "OPTIONS", "PUT", "TRACE", "X"),
  bytesOf(text),
  junk,
);
const target = either(
  40,
  fc.oneof(
    fc.constantFrom(...PATHS),
    fc.constantFrom(...PATHS).chain((path) => text.map((query) => `${path}?${encodeURI(query)}`)),
    fc.constantFrom(
      "*",
      "//",
      "/../mcp",
      "/%",
      "/%00",
      "/mcp/",
      "http://localhost/mcp",
      "http://[",
      "",
    ),
    fc.webPath(),
  ),
  bytesOf(text),
  junk,
);
const version = either(
  60,
  fc.constantFrom("HTTP/1.1", "HTTP/1.1", "HTTP/1.0"),
  bytesOf(text),
  junk,
);
const header = fc.oneof(
  {
    weight: 40,
    arbitrary: bytesOf(fc.constantFrom(
      "Accept: text/event-stream",
      "Accept: application/json, text/event-stream",
      "Accept: */*;q=0",
      "Content-Type: text/plain",
      "Connection: close",
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Expect: 100-continue",
      "Mcp-Session-Id: x",
      "Mcp-Connection-Id: x",
      "Mcp-Protocol-Version: 2026-07-28",
      "Mcp-Protocol-Version: 2025-11-25",
      "Last-Event-ID: 1",
      "Origin: http://localhost",
      "Origin: https://evil.example",
      "Host: evil.example",
      "If-None-Match: *",
      "Range: bytes=0-1",
      "Content-Encoding: gzip",
    )),
  },
  bytesOf(fc.constantFrom(
    "Content-Length: 5",
    "Content-Length: 99999999999999999999",
    "Transfer-Encoding: chunked",
    "Transfer-Encoding: gzip, chunked",
  )),
  bytesOf(text),
  fc.tuple(bytesOf(fc.constantFrom("Accept: ", "X: ", "Mcp-Session-Id: ", "Mcp-Name: ")), junk)
    .map((parts) => joinBytes(parts)),
  junk,
);
const message = fc.record({
  jsonrpc: fc.constantFrom("2.0", "2.0", "2.0", "1.0"),
  id: fc.oneof(fc.constantFrom(1, "a", 0), fc.jsonValue()),
  method: fc.constantFrom(
    "initialize",
    "ping",
    "tools/list",
    "tools/call",
    "subscriptions/listen",
    "resources/subscribe",
    "server/discover",
    "x",
  ),
  params: fc.jsonValue({ maxDepth: 2 }),
}, { requiredKeys: ["jsonrpc", "method"] });
const body = fc.oneof(
  { weight: 6, arbitrary: bytesOf(message.map((one) => JSON.stringify(one))) },
  fc.uint8Array({ maxLength: 50 }),
  bytesOf(fc.constantFrom("", "5\r\nhello\r\n0\r\n\r\n", "zz\r\n", "[", "[]", "null")),
);

const request = fc.record({
  method,
  target,
  version,
  headers: fc.array(header, { maxLength: 4 }),
  isUsual: fc.nat(4).map((n) => n > 0),
  body,
});
type FuzzRequest = typeof request extends fc.Arbitrary<infer T> ? T : never;

/** The bytes of a request; a usual one has `Host`, `Content-Type` and `Content-Length`. */
function encode({ method, target, version, headers, isUsual, body }: FuzzRequest): Uint8Array {
  const blank = ENCODER.encode(" ");
  const end = ENCODER.encode("\r\n");
  const usual = isUsual
    ? [`Host: localhost`, `Content-Type: application/json`, `Content-Length: ${body.length}`]
    : [`Host: localhost`];
  const lines = [...usual.map((line) => ENCODER.encode(line)), ...headers];
  return joinBytes([
    ...[method, blank, target, blank, version, end],
    ...lines.flatMap((line) => [line, end]),
    end,
    body,
  ]);
}

/** The answer: a response, the beginning of a stream, or nothing. */
interface Reply {
  readonly head: ResponseHead;
  readonly body: string;
}

async function send(stage: Stage, asked: FuzzRequest): Promise<Reply | undefined> {
  using socket = await RawSocket.connect(stage.server);
  const parts: Uint8Array[] = [];
  const { promise: answered, resolve, reject } = Promise.withResolvers<void>();
  const isHead = new TextDecoder().decode(asked.method) === "HEAD";
  const parser = new ResponseParser({
    onHead: ({ headers }) => {
      if (headers.get("content-type")?.startsWith("text/event-stream")) resolve();
    },
    onBody: (bytes) => void parts.push(bytes.slice()),
    onComplete: resolve,
  }, { isHead });
  socket.onBytes = (bytes) => {
    try {
      parser.push(bytes);
    } catch (error) {
      reject(error);
    }
  };
  const timer = setTimeout(() => reject(new Error("No answer in time")), PATIENCE_MS);
  try {
    socket.write(encode(asked));
    // A client that has said all and does not wait for more.
    socket.halfClose();
    await Promise.race([answered, socket.ended]);
  } finally {
    clearTimeout(timer);
  }
  if (parser.head === undefined) return undefined;
  return { head: parser.head, body: new TextDecoder().decode(joinBytes(parts)) };
}

/** Lifeline's errors are JSON-RPC; Deno's own errors are empty. */
function assertFine({ head: { status, headers }, body }: Reply): void {
  assert(status < 500 || status === 503, `status ${status}`);
  const type = headers.get("content-type") ?? "";
  if (status < 400 || body === "" || !type.startsWith("application/json")) return;
  const { jsonrpc, error, id } = JSON.parse(body);
  assertEquals(jsonrpc, "2.0");
  assert(Number.isInteger(error.code) && typeof error.message === "string", body);
  assert(id === null || typeof id === "string" || typeof id === "number", body);
}

Deno.test("fuzz: any bytes get valid HTTP or none, never a 5xx but 503, and leave nothing", async () => {
  await using stage = await Stage.set("no-legacy", SETTINGS);
  const statuses = new Map<number, number>();
  await fc.assert(
    fc.asyncProperty(request, async (asked) => {
      const reply = await send(stage, asked);
      const status = reply?.head.status ?? 0;
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if (reply !== undefined) assertFine(reply);
    }),
    { numRuns: RUNS },
  );
  for (const status of [200, 400, 404, 405]) assert(statuses.has(status), `never ${status}`);
  await eventually(async () => {
    assertLedgerClean(await stage.server.ledger());
    assertEquals(await stage.held(), NOTHING);
    assertEquals((await serverSockets(stage.server.port))?.states ?? [], []);
  }, 20_000);
  assertEquals(stage.server.faults(), []);
});
