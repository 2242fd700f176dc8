/** The peer that a library user passes to `fetch()`. */
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { createApp, mountAt, type Peer } from "../../lib/mod.ts";
import { echo } from "../../lib/tools/echo.ts";

const ECHO = {
  jsonrpc: "2.0",
  id: 1,
  method: "tools/call",
  params: { name: "echo", arguments: { message: "hi" } },
};

function post(headers: Record<string, string> = {}): Request {
  return new Request("http://localhost/mcp", {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(ECHO),
  });
}

const FORM = 'fetch() takes a peer such as { address: "10.0.0.1" }, ';
const REMOTE = { transport: "tcp", hostname: "10.0.0.1", port: 50_000 };
/** What programs without types pass, and the words that say what is wrong. */
const WRONG: readonly (readonly [unknown, string])[] = [
  ["10.0.0.1", `${FORM}not "10.0.0.1"`],
  ["127.0.0.1", `${FORM}not "127.0.0.1"`],
  ["", `${FORM}not ""`],
  [null, `${FORM}not null`],
  [8000, `${FORM}not 8000`],
  [["10.0.0.1"], `${FORM}not a list`],
  [() => "10.0.0.1", `${FORM}not a function`],
  [{}, `${FORM}not an object without an address`],
  [REMOTE, `${FORM}not an object without an address; pass the client's host name as the address`],
  [
    { remoteAddr: REMOTE, completed: Promise.resolve() },
    `${FORM}not the info of a connection; use toServeHandler() of @lifeline/mcp/serve, or pass ` +
    "{ address: info.remoteAddr.hostname }",
  ],
  [
    { address: undefined },
    `${FORM}so address must be a text, not undefined; pass "unknown" if it is not known`,
  ],
  [
    { address: ["127.0.0.1"] },
    `${FORM}so address must be a text, not a list; pass "unknown" if it is not known`,
  ],
  [{ address: "10.0.0.1", principal: 5 }, "Peer of fetch(): principal must be a text, not 5"],
  [
    { address: "10.0.0.1", principal: "ada", scopes: "read write" },
    'Peer of fetch(): scopes must be a list of texts, not "read write"',
  ],
  [
    { address: "10.0.0.1", principal: "ada", expiresAt: new Date(0) },
    "Peer of fetch(): expiresAt must be a number, at least 0, not an object",
  ],
];

Deno.test("fetch() refuses a peer of another form, and says what to pass", async () => {
  const app = createApp();
  const answer = mountAt(app, "/");
  for (const [wrong, message] of WRONG) {
    for (const fetch of [app.fetch, answer]) {
      const call = async () => await fetch(post(), wrong as Peer);
      const error = await assertRejects(call, TypeError);
      assertEquals(error.message, message);
    }
  }
  assertEquals(app.activity(), {
    ...{ streams: 0, sessions: 0, requests: 0, handlers: 0 },
    ...{ unreadBytes: 0, timers: 0 },
  });
  app.stop();
});

Deno.test("fetch() refuses such a peer also where requests wait for the start", async () => {
  const app = createApp({ onStart: () => ({}) });
  await assertRejects(async () => await app.fetch(post(), "10.0.0.1" as never), TypeError, FORM);
  await app.drain();
  app.stop();
});

Deno.test("a peer of another form is not taken for a trusted proxy", async () => {
  const app = createApp({ settings: { MCP_TRUSTED_PROXIES: ["127.0.0.1"] } });
  const forwarded = () => post({ "x-forwarded-for": "192.0.2.9" });
  const wrong = ["127.0.0.1", ["127.0.0.1"], { ...REMOTE, hostname: "127.0.0.1" }];
  for (const peer of [...wrong, { address: ["127.0.0.1"] }]) {
    await assertRejects(async () => await app.fetch(forwarded(), peer as never), TypeError, FORM);
  }
  app.stop();
});

Deno.test("a peer may be anything that has an address, and may be left out", async () => {
  const app = createApp({ tools: [echo] });
  class Connection {
    get address(): string {
      return "10.0.0.1";
    }
  }
  const right = [
    undefined,
    { address: "unknown" },
    { ...REMOTE, address: "10.0.0.1" },
    new Connection(),
    { address: "::1", principal: "ada", scopes: ["read"], claims: {}, expiresAt: 1e15 },
  ];
  for (const peer of right) {
    const response = await app.fetch(post(), peer);
    assertStringIncludes(await response.text(), "hi");
  }
  app.stop();
});
