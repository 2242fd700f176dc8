/** The operator's side: who may read, which streams can be ended, the audit of calls. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { StaticKeys } from "../../lib/mod.ts";
import {
  initializeRequest,
  PLAIN_HEADERS,
  rpc,
  type TestApp,
  testApp,
  toolCall,
} from "../helpers/app.ts";
import { CapturedLog } from "../helpers/log.ts";
import { EventReader } from "../helpers/sse.ts";
import { FakeTime } from "../helpers/time.ts";
import { toolThat } from "../helpers/tools.ts";
import { defineTool } from "../../lib/mod.ts";

const KEYS = [
  { name: "ada", key: "the-key-of-ada-itself", scopes: ["notes:read"] },
  { name: "eve", key: "the-key-of-eve-itself", scopes: [] },
  { name: "watcher", key: "the-key-of-the-watcher", scopes: ["lifeline:read"] },
  { name: "operator", key: "the-key-of-the-operator", scopes: ["lifeline:admin"] },
];
const ADA = { authorization: "Bearer the-key-of-ada-itself" };
const EVE = { authorization: "Bearer the-key-of-eve-itself" };
const WATCHER = { authorization: "Bearer the-key-of-the-watcher" };
const OPERATOR = { authorization: "Bearer the-key-of-the-operator" };
const ADA_PRINCIPAL = '["urn:lifeline:key","ada"]';
const FAR = { address: "192.0.2.1" };
const VIEW = "/mcp/connections";

async function statusOf(response: Promise<Response>): Promise<number> {
  const { status, body } = await response;
  await body?.cancel();
  return status;
}

async function openPlain(app: TestApp, headers: Record<string, string>): Promise<EventReader> {
  const response = await app.request("/mcp/sse", {
    method: "POST",
    headers: { ...PLAIN_HEADERS, ...headers },
    body: null,
  });
  const reader = new EventReader(response);
  await reader.nextNamed("welcome");
  return reader;
}

async function openSession(app: TestApp, headers: Record<string, string>): Promise<string> {
  const initialize = initializeRequest();
  const response = await app.post("/mcp", initialize, headers);
  await response.body?.cancel();
  return response.headers.get("mcp-session-id") ?? "";
}

Deno.test("callers look and end by their scopes, beside the admin token", async () => {
  using app = testApp({
    auth: { keys: KEYS },
    settings: { MCP_ADMIN_TOKEN: "admin-secret-0123456789" },
  });
  const admin = { authorization: "Bearer admin-secret-0123456789" };
  const look = (headers: Record<string, string>, path = VIEW) =>
    statusOf(app.request(path, { headers }, FAR));
  const end = (headers: Record<string, string>) =>
    statusOf(app.request(`${VIEW}?id=nobody`, { method: "DELETE", headers }, FAR));
  assertEquals([await look(admin), await end(admin)], [200, 404]);
  assertEquals([await look(WATCHER), await look(WATCHER, "/metrics")], [200, 200]);
  assertEquals(await end(WATCHER), 403);
  assertEquals([await look(OPERATOR), await end(OPERATOR)], [200, 404]);
  assertEquals([await look(ADA), await end(ADA)], [403, 403]);
  assertEquals([await look({}), await end({})], [401, 401]);
  assertEquals(await look({ authorization: "Bearer nobody-knows" }), 401);
});

Deno.test("a key in the header for keys gives the rights of its scopes", async () => {
  using app = testApp({ auth: { keys: KEYS }, settings: { MCP_AUTH_KEY_HEADER: "X-API-Key" } });
  const look = ({ authorization = "" }) => {
    const headers = { "x-api-key": authorization.replace("Bearer ", "") };
    return statusOf(app.request(VIEW, { headers }, FAR));
  };
  assertEquals([await look(WATCHER), await look(ADA)], [200, 403]);
  assertEquals(await look({ authorization: "nobody-knows" }), 401);
});

Deno.test("a caller who lacks the scope is told which", async () => {
  using app = testApp({ auth: { keys: KEYS } });
  const response = await app.request(VIEW, { headers: ADA }, FAR);
  assertEquals(response.status, 403);
  assertMatch(response.headers.get("www-authenticate") ?? "", /scope="lifeline:read"/);
  assertMatch((await response.json()).error.message, /lifeline:read/);
});

Deno.test("an operator needs no scope of the endpoints", async () => {
  using app = testApp({ auth: { keys: KEYS }, settings: { MCP_AUTH_SCOPES: ["notes:read"] } });
  assertEquals(await statusOf(app.request(VIEW, { headers: WATCHER }, FAR)), 200);
  assertEquals(await statusOf(app.post("/mcp", rpc("ping"), WATCHER)), 403);
});

Deno.test("without an admin token only the scope lets anybody look, and no token is made", async () => {
  using app = testApp({ auth: { keys: KEYS } });
  assertEquals(app.operatorToken, undefined);
  const refused = await app.request(VIEW);
  assertEquals(refused.status, 401);
  assertMatch((await refused.json()).error.message, /MCP_ADMIN_TOKEN.*scope lifeline:read/);
  assertEquals(await statusOf(app.request(VIEW, {}, FAR)), 401);
  assertEquals(await statusOf(app.request(VIEW, { headers: WATCHER }, FAR)), 200);
});

Deno.test("the view names whose each connection is", async () => {
  using app = testApp({ auth: { keys: KEYS } });
  const reader = await openPlain(app, ADA);
  const { connections } = await (await app.request(VIEW, { headers: WATCHER })).json();
  assertEquals(connections[0].principal, ADA_PRINCIPAL);
  const found = async (filter: string) =>
    (await (await app.request(`${VIEW}?filter=${filter}`, { headers: WATCHER })).json()).matching;
  assertEquals([await found("ada"), await found("eve")], [1, 0]);
  await reader.leave();
});

Deno.test("ending a principal ends its streams and sessions in every dialect, and nobody else's", async () => {
  using app = testApp({ auth: { keys: KEYS } });
  const streams = [await openPlain(app, ADA), await openPlain(app, ADA)];
  const others = await openPlain(app, EVE);
  const sessionId = await openSession(app, ADA);
  const otherId = await openSession(app, EVE);
  const headers = { accept: "text/event-stream" };
  const listening = new EventReader(
    await app.request("/mcp", { headers: { ...headers, ...ADA, "mcp-session-id": sessionId } }),
  );
  const query = new URLSearchParams({ principal: ADA_PRINCIPAL });
  const response = await app.request(`${VIEW}?${query}`, { method: "DELETE", headers: OPERATOR });
  assertEquals(await response.json(), { streams: 3, sessions: 1 });
  for (const stream of streams) {
    assertEquals((await stream.nextNamed("close")).json.data.reason, "disconnected");
  }
  await listening.rest();
  const ping = (id: string, caller: Record<string, string>) =>
    statusOf(app.post("/mcp", rpc("ping"), { ...caller, "mcp-session-id": id }));
  assertEquals(await ping(sessionId, ADA), 404);
  assertEquals(await ping(otherId, EVE), 200);
  assertEquals(app.ledger().open, 1);
  await others.leave();
});

Deno.test("ending a principal ends its sessions that are not in memory, and none that it opens later", async () => {
  using time = new FakeTime();
  const settings = { MCP_MAX_SESSIONS_PER_CLIENT: 1 };
  using app = testApp({ auth: { keys: KEYS }, settings, wheel: { clock: time.clock } });
  const evicted = await openSession(app, ADA);
  const inMemory = await openSession(app, ADA);
  const ofEve = await openSession(app, EVE);
  await time.advance(100);
  const query = new URLSearchParams({ principal: ADA_PRINCIPAL });
  const response = await app.request(`${VIEW}?${query}`, { method: "DELETE", headers: OPERATOR });
  assertEquals(await response.json(), { streams: 0, sessions: 1 });
  await time.advance(100);
  const ping = (id: string, caller: Record<string, string>) =>
    statusOf(app.post("/mcp", rpc("ping"), { ...caller, "mcp-session-id": id }));
  assertEquals([await ping(evicted, ADA), await ping(inMemory, ADA)], [404, 404]);
  const later = await openSession(app, ADA);
  const evenLater = await openSession(app, ADA);
  assertEquals([await ping(later, ADA), await ping(evenLater, ADA)], [200, 200]);
  assertEquals(await ping(ofEve, EVE), 200);
});

Deno.test("a key that is taken away ends the streams and sessions of its caller", async () => {
  const keys = new StaticKeys(KEYS);
  using app = testApp({ auth: { keys } });
  const reader = await openPlain(app, ADA);
  const others = await openPlain(app, EVE);
  await openSession(app, ADA);
  keys.replace(KEYS.filter(({ name }) => name !== "ada"));
  assertEquals((await reader.nextNamed("close")).json.data.reason, "auth_expired");
  assertEquals(app.ledger().open, 1);
  assertEquals(await statusOf(app.post("/mcp", rpc("ping"), ADA)), 401);
  await others.leave();
});

Deno.test("a key that is rotated under its name ends nothing", async () => {
  const keys = new StaticKeys(KEYS);
  using app = testApp({ auth: { keys } });
  const reader = await openPlain(app, ADA);
  keys.replace([{ name: "ada", key: "the-next-key-of-ada" }]);
  assertEquals(app.ledger().open, 1);
  await reader.leave();
});

Deno.test("the view says where a server lets everybody in", async () => {
  using open = testApp({ settings: { HOST: "0.0.0.0" } });
  assertEquals((await (await open.operate(VIEW)).json()).is_open_to_all, true);
  using closed = testApp({ settings: { HOST: "0.0.0.0" }, auth: { keys: KEYS } });
  const view = await closed.request(VIEW, { headers: WATCHER });
  assertEquals("is_open_to_all" in await view.json(), false);
});

Deno.test("an audit line names caller, tool, outcome and duration, and no arguments", async () => {
  using log = new CapturedLog("info");
  const secret = defineTool({
    name: "refund",
    description: "Pays back",
    scopes: ["orders:write"],
    run: () => "paid",
  });
  const failing = toolThat(() => {
    throw new Error("broken");
  }, "broken");
  using app = testApp({
    tools: [toolThat(() => "done"), failing, secret],
    auth: { keys: KEYS },
    settings: { MCP_AUDIT: true },
  });
  const call = (name: string, headers: Record<string, string>) =>
    statusOf(app.post("/mcp", toolCall(name, { secret: "argument" }), headers));
  await call("subject", ADA);
  await call("broken", EVE);
  await call("refund", ADA);
  await statusOf(app.post("/mcp", rpc("tools/list"), ADA));
  const lines = log.of("Audit").map(({ fields }) => fields);
  assertEquals(lines.map(({ principal, name, outcome }) => [principal, name, outcome]), [
    [ADA_PRINCIPAL, "subject", "ok"],
    ['["urn:lifeline:key","eve"]', "broken", "tool_error"],
    [ADA_PRINCIPAL, "refund", "insufficient_scope"],
  ]);
  assertEquals(typeof lines[0]?.duration_ms, "number");
  assert(!log.lines.join().includes("argument"));
});

Deno.test("nothing is audited unless that is asked for", async () => {
  using log = new CapturedLog("info");
  using app = testApp();
  await statusOf(app.post("/mcp", toolCall("echo", { message: "hi" })));
  assertEquals(log.of("Audit"), []);
});
