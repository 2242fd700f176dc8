/** The step that identifies the caller, between the guard and the handlers. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { defineTool, ProtocolError } from "../../../lib/mod.ts";
import type { Authenticate } from "../../../lib/http/steps/authenticate.ts";
import { rpc, testApp } from "../../helpers/app.ts";
import { CapturedLog } from "../../helpers/log.ts";
import { toolThat } from "../../helpers/tools.ts";

const ADA: ReturnType<Authenticate> = { principal: "ada", scopes: ["read"], expiresAt: 1e15 };
const CALL = rpc("tools/call", { name: "who", arguments: {} });
const WHO = toolThat((ctx) => ctx.caller.principal ?? "nobody", "who");

/** Refuses whoever sends no token, as an authenticator does. */
const requireToken: Authenticate = ({ headers }) => {
  if (headers.has("authorization")) return ADA;
  throw new ProtocolError("unauthorized", "Send a token", {
    headers: { "www-authenticate": 'Bearer realm="test"' },
  });
};

async function textOf(response: Response): Promise<string> {
  return (await response.json()).result.content[0].text;
}

Deno.test("a handler learns who calls, whether that is known at once or later", async () => {
  for (const authenticate of [() => ADA, () => Promise.resolve(ADA)]) {
    using app = testApp({ tools: [WHO], authenticate });
    assertEquals(await textOf(await app.post("/mcp", CALL)), "ada");
  }
});

const WRONG: readonly (readonly [unknown, string])[] = [
  [{ scopes: ["read"] }, "principal must be a text, not undefined"],
  [{ principal: null }, "principal must be a text, not null"],
  [
    { principal: "ada", scopes: "thread:list" },
    'scopes must be a list of texts, not "thread:list"',
  ],
  [
    { principal: "ada", expiresAt: new Date(0) },
    "expiresAt must be a number, at least 0, not an obj",
  ],
];

Deno.test("a wrong identity lets nobody in, and the log says what is wrong with it", async () => {
  const tool = defineTool({ name: "who", description: "", scopes: ["read"], run: () => "done" });
  for (const [wrong, message] of WRONG) {
    for (const given of [wrong, Promise.resolve(wrong)]) {
      using log = new CapturedLog("error");
      using app = testApp({ tools: [tool], authenticate: () => given as typeof ADA });
      const response = await app.post("/mcp", CALL);
      assertEquals(response.status, 500);
      await response.body?.cancel();
      const line = log.lines.join().replaceAll('\\"', '"');
      assertStringIncludes(line, `Identity of authenticate(): ${message}`);
    }
  }
});

Deno.test("a request that is let in without a name has none", async () => {
  for (const nobody of [undefined, null as never]) {
    using app = testApp({ tools: [WHO], authenticate: () => nobody });
    assertEquals(await textOf(await app.post("/mcp", CALL)), "nobody");
  }
});

/** Requests that require a token. */
const REFUSED = [
  ["POST", "/mcp"],
  ["GET", "/mcp/sse"],
  ["GET", "/mcp/info"],
  // The path for clients that resolve an announced endpoint against the origin.
  ["POST", "/?connection_id=mcp_sse_0"],
] as const;

Deno.test("a refusal reaches the client with its challenge, whether it comes at once or later", async () => {
  const later: Authenticate = async (request) => await requireToken(request);
  for (const authenticate of [requireToken, later]) {
    using app = testApp({ authenticate });
    for (const [method, path] of REFUSED) {
      const response = await app.request(path, { method });
      assertEquals(response.status, 401, path);
      assertEquals(response.headers.get("www-authenticate"), 'Bearer realm="test"');
      assertEquals((await response.json()).error.message, "Send a token");
    }
  }
});

Deno.test("no byte of the body of a refused request is read", async () => {
  using app = testApp({ authenticate: requireToken });
  let pulls = 0;
  const body = new ReadableStream({
    pull: (controller) => {
      pulls++;
      controller.enqueue(new Uint8Array(1024));
    },
  }, { highWaterMark: 0 });
  const response = await app.request("/mcp", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
  assertEquals([response.status, pulls], [401, 0]);
  await response.body?.cancel();
});

Deno.test("health, pages, unknown paths and preflights need no token, the operator's view its own", async () => {
  using app = testApp({
    authenticate: requireToken,
    settings: { MCP_ADMIN_TOKEN: "t".repeat(32) },
  });
  const statusOf = async (path: string, init?: RequestInit) => {
    const response = await app.request(path, init);
    await response.body?.cancel();
    return response.status;
  };
  assertEquals(await statusOf("/healthz"), 200);
  assertEquals(await statusOf("/readyz"), 200);
  assertEquals(await statusOf("/sse-test.html"), 200);
  assertEquals(await statusOf("/.well-known/nothing"), 404);
  const origin = { origin: "http://localhost" };
  assertEquals(await statusOf("/mcp", { method: "OPTIONS", headers: origin }), 204);
  const headers = { authorization: `Bearer ${"t".repeat(32)}` };
  assertEquals(await statusOf("/mcp/connections", { headers }), 200);
});

Deno.test("a 2024-11-05 message needs a token also where its client lost the path", async () => {
  using app = testApp({ authenticate: requireToken });
  const response = await app.post("/?connection_id=x", CALL);
  assertEquals(response.status, 401);
  await response.body?.cancel();
  assertEquals((await app.request("/")).status, 200);
});

Deno.test("a page may read the challenge of a refusal", async () => {
  using app = testApp({ authenticate: requireToken });
  const response = await app.request("/mcp", {
    method: "POST",
    headers: { origin: "http://localhost" },
  });
  assertEquals(response.headers.get("access-control-allow-origin"), "http://localhost");
  assertStringIncludes(
    response.headers.get("access-control-expose-headers") ?? "",
    "WWW-Authenticate",
  );
  await response.body?.cancel();
});

Deno.test("an authenticator that fails without a reason is an internal error, and nothing hangs", async () => {
  for (
    const failing of [() => Promise.reject(new Error("secret")), () => {
      throw new Error("secret");
    }]
  ) {
    using app = testApp({ authenticate: failing });
    const response = await app.post("/mcp", CALL);
    assertEquals(response.status, 500);
    assertEquals((await response.json()).error.message.includes("secret"), false);
    assertEquals((await app.drain(10)).unanswered, 0);
  }
});
