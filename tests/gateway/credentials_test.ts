/** Credentials of clients stay at the gateway, over real sockets. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import * as z from "zod";
import { Gateway } from "../../lib/gateway/gateway.ts";
import { connectRemote } from "../../lib/gateway/remote_server.ts";
import { GatewayServer } from "../../lib/gateway/server.ts";
import { type App, createApp, defineTool } from "../../lib/mod.ts";
import type { Protocol } from "../../lib/gateway/handshake.ts";
import { META_KEYS } from "../../lib/wire/meta.ts";
import { rpc, toolCall } from "../helpers/app.ts";
import { EventReader } from "../helpers/sse.ts";
import { entry } from "./gateway_app.ts";

const OWN = "Bearer of-the-gateway";
/** Everything that a client or a proxy before it could send as a secret. */
const SECRETS = {
  authorization: "Bearer secret-1",
  "proxy-authorization": "Basic secret-2",
  cookie: "session=secret-3",
  "x-api-key": "secret-4",
  "x-tool": "secret-5",
  "mcp-param-key": "secret-6",
  "x-forwarded-for": "secret-7",
  dpop: "secret-8",
};

function listen(app: App, onRequest: (request: Request) => void = () => {}) {
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (request) => {
    onRequest(request);
    return app.fetch(request, { address: "127.0.0.1" });
  });
  return {
    origin: `http://127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: async () => {
      app.stop();
      await server.shutdown();
    },
  };
}

/** A remote server that keeps all that it gets, behind a gateway that asks for a token. */
async function farAndNear(protocol: Protocol) {
  const seen: { headers: [string, string][]; url: string; body: Promise<string> }[] = [];
  const ask = defineTool({
    name: "ask",
    description: "Asks",
    input: z.object({}),
    run: async (_, { elicit }) =>
      (await elicit({ message: "Name?", schema: z.object({ name: z.string() }) })).action,
  });
  const hello = defineTool({
    name: "hello",
    description: "Greets",
    input: z.object({}),
    run: () => "hello",
  });
  const far = listen(createApp({ tools: [ask, hello] }), (request) => {
    const { headers, url } = request;
    seen.push({ headers: [...headers], url, body: request.clone().text() });
  });
  const launch = {
    url: `${far.origin}/mcp`,
    headers: { authorization: OWN },
    transport: "auto",
  } as const;
  const gateway = new Gateway({
    configs: [entry("far", { launch, prefix: "" })],
    hasPaths: true,
    create: (config, client) =>
      new GatewayServer({
        name: config.name,
        version: "1",
        start: () => connectRemote("far", launch, 100_000),
        limits: { maxLineBytes: 100_000, maxQueued: 100_000 },
        startMs: 10_000,
        now: () => performance.now(),
        protocol,
        ...client,
      }),
    limits: { maxChildren: 10, idleMs: 60_000, now: () => performance.now() },
    waitMs: 10_000,
  });
  const app = createApp({
    settings: { MCP_TOOL_HEADERS: ["x-tool"] },
    authenticate: ({ headers }) =>
      headers.get("authorization") === SECRETS.authorization ? { principal: "ada" } : undefined,
    sessionMethods: gateway.sessionMethods,
    modernMethods: gateway.modernMethods,
    endpoints: gateway.endpoints,
    onStart: () => gateway.start(),
  });
  gateway.serve(app.catalog);
  await app.start();
  const near = listen(app);
  return {
    origin: near.origin,
    seen,
    [Symbol.asyncDispose]: async () => {
      await near[Symbol.asyncDispose]();
      await gateway.stop();
      await far[Symbol.asyncDispose]();
    },
  };
}

const post = (url: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...SECRETS,
      ...headers,
    },
    body: JSON.stringify(body),
  });

/** Calls a tool as a client of a revision does, with all secrets in each request. */
const CALLS: Readonly<Record<string, (url: string, tool: string) => Promise<string>>> = {
  "without a session": async (url, tool) => await (await post(url, toolCall(tool, {}))).text(),
  "of 2025-11-25": async (url, tool) => {
    const capabilities = tool === "ask" ? { elicitation: {} } : {};
    const params = { protocolVersion: "2025-11-25", capabilities, clientInfo: { name: "c" } };
    const opened = await post(url, rpc("initialize", params));
    await opened.text();
    const session = { "mcp-session-id": opened.headers.get("mcp-session-id") ?? "" };
    const events = new EventReader(await post(url, toolCall(tool, {}), session));
    const seen: unknown[] = [];
    for (let event = await events.next(); event !== undefined; event = await events.next()) {
      seen.push(event.json);
      if (event.json?.method !== "elicitation/create") continue;
      const answer = { jsonrpc: "2.0", id: event.json.id, result: { action: "decline" } };
      await (await post(url, answer, session)).text();
    }
    return JSON.stringify(seen);
  },
  "of 2026-07-28": async (url, tool) => {
    const _meta = {
      [META_KEYS.protocolVersion]: "2026-07-28",
      [META_KEYS.clientInfo]: { name: "c", version: "1" },
      [META_KEYS.clientCapabilities]: tool === "ask" ? { elicitation: { form: {} } } : {},
    };
    const headers = {
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "tools/call",
      "mcp-name": tool,
    };
    const params = { name: tool, arguments: {}, _meta };
    return await (await post(url, rpc("tools/call", params), headers)).text();
  },
};

for (const protocol of ["2026-07-28", "2025-11-25"] as const) {
  Deno.test(`no header and no body of a remote server of ${protocol} has a credential of a client`, async () => {
    await using both = await farAndNear(protocol);
    for (const [kind, call] of Object.entries(CALLS)) {
      for (const path of ["/mcp", "/mcp/far"]) {
        assertMatch(await call(`${both.origin}${path}`, "hello"), /hello/, `${kind} ${path}`);
        if (kind !== "without a session") {
          assertMatch(
            await call(`${both.origin}${path}`, "ask"),
            /decline|input_required/,
            `${kind} ${path}`,
          );
        }
      }
    }
    assert(both.seen.length > 10);
    for (const { headers, url, body } of both.seen) {
      const text = JSON.stringify([headers, url, await body]);
      assertEquals(/secret-\d/.exec(text), null, text);
      assertEquals(headers.filter(([name]) => name === "authorization"), [["authorization", OWN]]);
    }
  });
}
