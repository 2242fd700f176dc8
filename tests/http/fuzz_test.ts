/** Anything a client may send gets an answer that tells nothing of the inside and leaves nothing behind. */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import fc from "../deps/fast_check.ts";
import { createApp } from "../../lib/mod.ts";
import { BUILT_IN_TOOLS } from "../../lib/tools/mod.ts";
import { FakeTime, settled } from "../helpers/time.ts";

const PATHS = [
  "/mcp",
  "/mcp/sse",
  "/mcp/stdio",
  "/mcp/connections",
  "/healthz",
  "/readyz",
  "/metrics",
  "/sse-test.html",
  "/connections.html",
  "/nope",
  "/",
];
const METHODS = ["GET", "POST", "DELETE", "HEAD", "OPTIONS", "PUT", "PATCH", "constructor", "X"];
const RPC_METHODS = [
  "initialize",
  "ping",
  "tools/list",
  "tools/call",
  "resources/list",
  "resources/read",
  "prompts/get",
  "completion/complete",
  "logging/setLevel",
  "resources/subscribe",
  "resources/templates/list",
  "prompts/list",
  "subscriptions/listen",
  "server/discover",
  "notifications/cancelled",
  "notifications/initialized",
  "constructor",
];

/** Bytes that a header value may hold. */
const headerText = fc.array(
  fc.oneof(
    { weight: 9, arbitrary: fc.integer({ min: 0x20, max: 0x7e }) },
    fc.integer({ min: 0xa0, max: 0xff }),
  ),
  { maxLength: 40 },
).map((codes) => String.fromCharCode(...codes));

const oneOf = (...texts: string[]) =>
  fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...texts) }, headerText);

/** The headers that nearly every client sends. */
const usual = fc.record({
  accept: oneOf("text/event-stream", "application/json", "application/json, text/event-stream"),
  "content-type": fc.oneof(
    { weight: 8, arbitrary: fc.constant("application/json") },
    oneOf("application/json; charset=utf-8", "text/plain"),
  ),
}, { requiredKeys: [] });
const extra = fc.oneof(
  ...Object.entries({
    "content-length": fc.constantFrom("0", "5", "99999999999", "-1", "x"),
    "mcp-connection-id": oneOf("mcp_sse_0123456789abcdef0123456789abcdef", ""),
    "mcp-session-id": headerText,
    "mcp-protocol-version": oneOf("2026-07-28", "2025-11-25", "2024-11-05", "1.0"),
    "mcp-method": oneOf(...RPC_METHODS),
    "mcp-name": oneOf("echo", "add"),
    "last-event-id": headerText,
    origin: oneOf("http://localhost:3000", "https://evil.example", "null"),
    authorization: oneOf("Bearer x", "Basic eDp5"),
    "if-none-match": oneOf("*", '"x"', 'W/"x"'),
    "user-agent": headerText,
    "x-forwarded-for": oneOf("10.0.0.1", "::1", ","),
    forwarded: oneOf("for=10.0.0.1", 'for="[::1]:1"'),
    "access-control-request-headers": headerText,
  }).map(([name, text]) => text.map((one) => [name, one] as const)),
);
/** The headers of a modern client, equal to its body. */
const modern = fc.record({
  accept: fc.constantFrom("application/json, text/event-stream", "text/event-stream"),
  "content-type": fc.constant("application/json"),
  "mcp-protocol-version": fc.constant("2026-07-28"),
  "mcp-method": fc.constantFrom(...RPC_METHODS),
  "mcp-name": fc.constant("echo"),
}, { requiredKeys: ["accept", "content-type", "mcp-protocol-version"] });
const headers = fc.tuple(
  fc.oneof({ weight: 3, arbitrary: usual }, modern),
  fc.array(extra, { maxLength: 2 }),
).map(([first, more]) => [...Object.entries(first), ...more]);

const value = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom("2.0", "echo", "add", "countdown", 0, "", null, {}, [], "2025-11-25"),
);
const meta = fc.record({
  progressToken: value,
  "io.modelcontextprotocol/protocolVersion": fc.oneof(fc.constant("2026-07-28"), value),
  "io.modelcontextprotocol/clientCapabilities": fc.oneof(fc.constant({}), value),
  "io.modelcontextprotocol/logLevel": fc.oneof(fc.constant("debug"), value),
}, { requiredKeys: [] });
const params = fc.record({
  name: value,
  arguments: fc.oneof(
    value,
    fc.record({ message: value, a: value, b: value, time_zone: value, from: value }, {
      requiredKeys: [],
    }),
  ),
  cursor: value,
  uri: value,
  requestId: value,
  protocolVersion: value,
  capabilities: value,
  clientInfo: value,
  level: value,
  ref: value,
  argument: value,
  _meta: fc.oneof(meta, value),
  requestState: value,
  inputResponses: value,
}, { requiredKeys: [] });
const call = fc.record({
  jsonrpc: fc.oneof({ weight: 12, arbitrary: fc.constant("2.0") }, value),
  id: fc.oneof({ weight: 8, arbitrary: fc.constantFrom(1, "a", 0, "") }, value),
  method: fc.oneof({ weight: 12, arbitrary: fc.constantFrom(...RPC_METHODS) }, value),
  params: fc.oneof({ weight: 8, arbitrary: params }, value),
}, { requiredKeys: ["jsonrpc", "method"] });
const answer = fc.record({ jsonrpc: fc.constant("2.0"), id: value, result: value, error: value }, {
  requiredKeys: ["jsonrpc"],
});
const message = fc.oneof({ weight: 9, arbitrary: call }, answer);
const body = fc.oneof(
  { weight: 6, arbitrary: message.map((one) => JSON.stringify(one)) },
  fc.array(message, { maxLength: 3 }).map((batch) => JSON.stringify(batch)),
  fc.json({ maxDepth: 3 }),
  fc.string({ unit: "binary", maxLength: 50 }),
  fc.constant(undefined),
);

const request = fc.record({
  method: fc.oneof(
    { weight: 6, arbitrary: fc.constant("POST") },
    { weight: 5, arbitrary: fc.constantFrom(...METHODS) },
  ),
  path: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom("/mcp", "/mcp/sse") },
    { weight: 3, arbitrary: fc.constantFrom(...PATHS) },
    fc.webPath(),
  ),
  query: fc.oneof(
    { weight: 3, arbitrary: fc.constant("") },
    fc.webQueryParameters({ size: "small" }).map((text) => `?${text}`),
    fc.constant("?connection_id=x"),
    fc.constant("?limit=5&offset=x"),
  ),
  headers,
  body,
  isChunked: fc.boolean(),
});

type FuzzRequest = typeof request extends fc.Arbitrary<infer T> ? T : never;

function toRequest({ method, path, query, headers, body, isChunked }: FuzzRequest): Request {
  const hasBody = body !== undefined && method !== "GET" && method !== "HEAD";
  const bytes = new TextEncoder().encode(body ?? "");
  return new Request(`http://localhost${path}${query}`, {
    method,
    headers: headers.map(([name, text]): [string, string] => [name, text]),
    ...(hasBody && { body: isChunked ? ReadableStream.from([bytes]) : bytes }),
  });
}

/**
 * Texts that must never reach a client: names of files, lines of a stack, messages of JavaScript's
 * own errors.
 */
const LEAK_REGEXP =
  /\.ts:\d|\bat [A-Za-z#.]+ \(|file:\/\/|node_modules|TypeError|RangeError|is not a function|undefined \(reading/;

async function assertFineAnswer(response: Response, asked: string): Promise<void> {
  assert(response instanceof Response, asked);
  const { status } = response;
  assert(status < 500 || status === 503, `${status} for ${asked}`);
  const type = response.headers.get("content-type") ?? "";
  if (type.startsWith("text/event-stream")) return await response.body?.cancel();
  const text = await response.text();
  if (!type.startsWith("text/html")) assertEquals(LEAK_REGEXP.test(text), false, text);
  if (status < 400 || text === "") return;
  const { jsonrpc, error, id } = JSON.parse(text);
  assertEquals(jsonrpc, "2.0");
  assert(Number.isInteger(error.code) && typeof error.message === "string");
  assert(id === null || typeof id === "string" || typeof id === "number");
}

Deno.test("fuzz: any request is answered, never by a 5xx but 503, never with a leak, and leaves nothing", async () => {
  using time = new FakeTime();
  const app = createApp({
    tools: BUILT_IN_TOOLS,
    wheel: { clock: time.clock },
    settings: {
      MCP_STREAM_OPENS_BURST: 100_000,
      MCP_INITIALIZES_BURST: 100_000,
      MCP_MAX_FLAPS: 100_000,
    },
  });
  const statuses = new Map<number, number>();
  await fc.assert(
    fc.asyncProperty(request, async (asked) => {
      const client = new AbortController();
      const answering = app.fetch(new Request(toRequest(asked), { signal: client.signal }));
      let isAnswered = false;
      const answered = Promise.resolve(answering).finally(() => void (isAnswered = true));
      await settled();
      // A call that takes its time, such as countdown, turns into a stream after a second.
      if (!isAnswered) await time.advance(2_000, 500);
      if (!isAnswered) client.abort();
      const response = await answered;
      statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
      await assertFineAnswer(response, JSON.stringify(asked));
      client.abort();
      await settled();
      assertEquals(app.connections.size, 0, JSON.stringify(asked));
    }),
    { numRuns: 2_000 },
  );
  const { opened, closed } = app.connections.ledger();
  assertEquals(Object.values(closed).reduce((sum, count) => sum + count), opened);
  // The search went deep enough to mean something.
  assertNotEquals(opened, 0);
  for (const status of [200, 400, 403, 404, 405]) assert(statuses.has(status), String(status));
  app.stop();
});
