/** Refused requests of every dialect: the status, the code, the words and the headers of each answer. */
import { assertEquals } from "@std/assert";
import { PLAIN_HEADERS, rpc, type TestApp, testApp } from "../helpers/app.ts";
import { TestSession } from "../helpers/session.ts";
import { mirrorHeaders, MODERN } from "../spec/support/modern.ts";

const STREAM = { accept: "text/event-stream" };
const OLD = { "mcp-protocol-version": "1999" };
const OLD_REFUSED = 'Unsupported MCP-Protocol-Version "1999"; this server speaks 2026-07-28, ' +
  "2025-11-25, 2025-06-18, 2025-03-26, 2024-11-05";
const EMPTY = "Parse error: the body is empty, expected a JSON-RPC message";
const INTERVAL = "Mcp-Ping-Interval-Ms must be a whole number of milliseconds";
const KEY = "Idempotency-Key must have 1 to 200 characters; a random UUID is best";

/** Sends a request that is refused. */
type Send = (app: TestApp) => Promise<Response>;
/** The expected HTTP status, error code, message and id. */
type Refusal = readonly [number, number, string, (number | null)?];

function open(headers: Record<string, string>): Send {
  return (app) => app.request("/mcp", { headers: { ...STREAM, ...headers } });
}

function remove(path: string, headers: Record<string, string> = {}): Send {
  return (app) => app.request(path, { method: "DELETE", headers });
}

function plain(headers: Record<string, string>): Send {
  return (app) => app.post("/mcp/sse", rpc("ping"), { ...PLAIN_HEADERS, ...headers });
}

const REFUSALS: Record<string, readonly [Send, Refusal]> = {
  "a DELETE that names nothing": [remove("/mcp"), [
    400,
    -32600,
    "DELETE needs the header Mcp-Session-Id or Mcp-Connection-Id, which names what to end",
  ]],
  "a DELETE of a plain stream on another URL": [remove("/mcp", { "mcp-connection-id": "x" }), [
    400,
    -32600,
    "DELETE needs the header Mcp-Session-Id or Mcp-Connection-Id, which names what to end",
  ]],
  "a DELETE of no plain stream": [remove("/mcp/sse", { "mcp-connection-id": "x" }), [
    404,
    -32600,
    "No open connection has the id in Mcp-Connection-Id; open one with POST /mcp/sse and use the " +
    "id that its welcome event gives",
  ]],
  "a DELETE of an unknown revision": [remove("/mcp", OLD), [400, -32600, OLD_REFUSED]],
  "a DELETE of a session in an unknown revision": [
    remove("/mcp", { ...OLD, "mcp-session-id": "x" }),
    [400, -32600, OLD_REFUSED],
  ],
  "a GET of an unknown revision": [open(OLD), [400, -32600, OLD_REFUSED]],
  "a POST of an unknown revision": [(app) => app.post("/mcp", rpc("ping"), OLD), [
    400,
    -32600,
    OLD_REFUSED,
    1,
  ]],
  "a batch of an unknown revision": [(app) => app.post("/mcp", [rpc("ping")], OLD), [
    400,
    -32600,
    OLD_REFUSED,
  ]],
  "a batch without a session": [(app) => app.post("/mcp", [rpc("ping")]), [
    400,
    -32600,
    "Invalid request: batches are part of protocol version 2025-03-26 only; send one message per " +
    "request",
  ]],
  "a POST to no 2024-11-05 stream": [(app) => app.post("/mcp?connection_id=x", rpc("ping")), [
    404,
    -32600,
    "No open stream has this connection_id; open one with GET and use the endpoint that its first " +
    "event names",
    1,
  ]],
  "a response to nobody": [(app) => app.post("/mcp", { jsonrpc: "2.0", id: 1, result: {} }), [
    400,
    -32600,
    "Invalid request: a response needs the header Mcp-Session-Id or Mcp-Connection-Id of the " +
    "connection that asked",
  ]],
  "an empty body": [(app) => app.request("/mcp", { method: "POST" }), [400, -32700, EMPTY]],
  "an empty body for an open plain stream": [
    (app) =>
      app.request("/mcp/sse", {
        method: "POST",
        headers: { ...STREAM, "mcp-connection-id": "x" },
      }),
    [400, -32700, EMPTY],
  ],
  "an empty body of a client that takes JSON, too": [
    (app) =>
      app.request("/mcp/sse", {
        method: "POST",
        headers: { accept: "application/json, text/event-stream" },
      }),
    [400, -32700, EMPTY],
  ],
  "a ping interval that is empty": [plain({ "mcp-ping-interval-ms": "" }), [
    400,
    -32600,
    INTERVAL,
    1,
  ]],
  "a ping interval that is a fraction": [plain({ "mcp-ping-interval-ms": "1.5" }), [
    400,
    -32600,
    INTERVAL,
    1,
  ]],
  "a ping interval of ten digits": [plain({ "mcp-ping-interval-ms": "1234567890" }), [
    400,
    -32600,
    INTERVAL,
    1,
  ]],
  "an empty key": [plain({ "idempotency-key": "" }), [400, -32600, KEY, 1]],
  "a key of 201 characters": [plain({ "idempotency-key": "x".repeat(201) }), [400, -32600, KEY, 1]],
};

for (const [what, [send, [status, code, message, id = null]]] of Object.entries(REFUSALS)) {
  Deno.test(`${what} is refused with ${status} and a reason`, async () => {
    using app = testApp();
    const response = await send(app);
    assertEquals(response.status, status);
    assertEquals(await response.json(), { jsonrpc: "2.0", error: { code, message }, id });
    assertEquals(app.ledger().opened, 0);
  });
}

Deno.test("a key of 200 characters and a ping interval of nine digits are taken", async () => {
  using app = testApp();
  const headers = { "idempotency-key": "x".repeat(200), "mcp-ping-interval-ms": "999999999" };
  const response = await plain(headers)(app);
  assertEquals(response.status, 200);
  await response.body?.cancel();
});

for (
  const [what, headers, status, message, allow] of [
    [
      "of 2026-07-28",
      { "mcp-protocol-version": MODERN },
      405,
      "Protocol version 2026-07-28 has no GET; POST subscriptions/listen instead",
      "POST",
    ],
    [
      "of a page",
      { accept: "text/html,*/*" },
      406,
      "GET opens an event stream: send Accept: text/event-stream, and Mcp-Session-Id if you have a " +
      "session; in a browser open /sse-test.html, or /mcp/info for what this server is",
      null,
    ],
    [
      "of JSON",
      { accept: "application/json" },
      406,
      "GET opens an event stream: send Accept: text/event-stream, and Mcp-Session-Id if you have a " +
      "session; in a browser open /sse-test.html, or /mcp/info for what this server is",
      null,
    ],
  ] as const
) {
  Deno.test(`a GET ${what} is refused with ${status}, and told what to do instead`, async () => {
    using app = testApp();
    const response = await open(headers)(app);
    assertEquals([response.status, response.headers.get("allow")], [status, allow]);
    assertEquals((await response.json()).error, { code: -32600, message });
  });
}

Deno.test("a Last-Event-ID that is no event of the session is refused, whatever it is", async () => {
  using app = testApp();
  const [session, other] = [await TestSession.open(app), await TestSession.open(app)];
  for (const id of ["", "x", "g1.1.", other.id]) {
    const headers = { "mcp-session-id": session.id, "last-event-id": id };
    const response = await open(headers)(app);
    assertEquals([response.status, (await response.json()).error.message], [
      400,
      "Last-Event-ID is not an event of this session; GET without it to listen from now on",
    ]);
  }
});

Deno.test("a notification is taken with 202 in every revision, and answered by nothing", async () => {
  using app = testApp();
  const message = { jsonrpc: "2.0", method: "notifications/cancelled", params: {} };
  const versions = [
    {},
    { "mcp-protocol-version": "2025-11-25" },
    mirrorHeaders({
      ...message,
      params: {},
    }),
  ];
  for (const headers of versions) {
    const response = await app.post("/mcp", message, headers);
    assertEquals([response.status, await response.text()], [202, ""]);
  }
});
