/** Each server at its own path, and all together at `/mcp`. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ConfigError, RegistrationError } from "../../lib/base/errors.ts";
import { createApp } from "../../lib/mod.ts";
import { Catalog } from "../../lib/registry/catalog.ts";
import { testClient } from "../../lib/testing.ts";
import { PROTOCOL_VERSIONS } from "../../lib/wire/protocol_versions.ts";
import { rpc, toolCall } from "../helpers/app.ts";
import { EventReader } from "../helpers/sse.ts";
import { at, gatewayApp } from "./gateway_app.ts";
import type { Script } from "./scripted_server.ts";

/** A server with a tool `whoami`, which tells who was called under which name. */
function server(name: string, tools: readonly string[] = ["whoami"]): Script {
  return (message) => {
    const { method, params } = message;
    if (method === "initialize") {
      return {
        protocolVersion: "2025-11-25",
        serverInfo: { name: `${name}-server`, version: "7" },
        instructions: `Use ${name} well.`,
        capabilities: { tools: {} },
      };
    }
    if (method === "tools/list") {
      return { tools: tools.map((tool) => ({ name: tool, inputSchema: { type: "object" } })) };
    }
    if (method !== "tools/call") return undefined;
    return { content: [{ type: "text", text: `${name} ${params.name}` }] };
  };
}

const BOTH = { one: server("one"), two: server("two") };
const headers = (accept: string) => ({ accept, "content-type": "application/json" });

Deno.test("clients of each revision reach each server at its own path, by its own names", async () => {
  await using served = gatewayApp(BOTH);
  for (const era of PROTOCOL_VERSIONS) {
    for (const name of ["one", "two"]) {
      const client = await testClient(at(`/mcp/${name}`, served.app), { era, keepApp: true });
      assertEquals((await client.list("tools")).map((tool) => tool.name), ["whoami"]);
      assertEquals((await client.call("whoami")).content, [
        { type: "text", text: `${name} whoami` },
      ]);
      await client.close();
    }
    const client = await testClient(served.app, { era, keepApp: true });
    assertEquals((await client.list("tools")).map((tool) => tool.name).sort(), [
      "one__whoami",
      "two__whoami",
    ]);
    assertEquals((await client.call("two__whoami")).content, [
      { type: "text", text: "two whoami" },
    ]);
    await client.close();
  }
  assertEquals([served.runs.one?.length, served.runs.two?.length], [1, 1]);
});

Deno.test("the plain dialect is spoken at /mcp/NAME/sse", async () => {
  await using served = gatewayApp(BOTH);
  const response = await served.app.fetch(
    new Request("http://localhost/mcp/two/sse", {
      method: "POST",
      headers: headers("text/event-stream"),
      body: JSON.stringify(toolCall("whoami", {})),
    }),
  );
  const events = new EventReader(response);
  const welcome = await events.nextNamed("welcome");
  const answer = await events.nextNamed("response");
  assertEquals(answer.json.result.content[0].text, "two whoami");
  const id = welcome.json.result.connection_id;
  const end = (path: string) =>
    served.app.fetch(
      new Request(`http://localhost${path}`, {
        method: "DELETE",
        headers: { "mcp-connection-id": id },
      }),
    );
  assertEquals((await end("/mcp/one/sse")).status, 404, "it is no stream of another server");
  assertEquals((await end("/mcp/two/sse")).status, 204);
  await events.leave();
});

Deno.test("a server names itself at its path, and gives its own instructions", async () => {
  await using served = gatewayApp(BOTH);
  await served.app.start();
  const ask = async (path: string) => {
    const message = rpc("initialize", { protocolVersion: "2025-11-25", capabilities: {} });
    const response = await served.app.fetch(
      new Request(`http://localhost${path}`, {
        method: "POST",
        headers: headers("application/json"),
        body: JSON.stringify(message),
      }),
    );
    return (await response.json()).result;
  };
  const { serverInfo, instructions } = await ask("/mcp/one");
  assertEquals(serverInfo, { name: "one-server", version: "7" });
  assertEquals(instructions, "Use one well.");
  const merged = await ask("/mcp");
  assertEquals(merged.serverInfo.name, "lifeline");
  assertEquals(merged.instructions, "# one\n\nUse one well.\n\n# two\n\nUse two well.");
});

Deno.test("a session of one server is unknown at another, even with a key that all share, and as the key is replaced", async () => {
  const key = "a key that is at least 32 characters long";
  await using served = gatewayApp(BOTH, { settings: { MCP_SESSION_KEY: key } });
  await using later = gatewayApp(BOTH, {
    settings: { MCP_SESSION_KEY: `another key of at least 32 characters,${key}` },
  });
  const post = (path: string, message: unknown, session?: string, { app } = served) =>
    app.fetch(
      new Request(`http://localhost${path}`, {
        method: "POST",
        headers: {
          ...headers("application/json, text/event-stream"),
          ...(session !== undefined && { "mcp-session-id": session }),
        },
        body: JSON.stringify(message),
      }),
    );
  const params = { protocolVersion: "2025-11-25", capabilities: {} };
  const opened = await post("/mcp/one", rpc("initialize", params));
  await opened.body?.cancel();
  const id = opened.headers.get("mcp-session-id")!;
  const statuses = [];
  for (const path of ["/mcp/one", "/mcp/two", "/mcp"]) {
    const response = await post(path, rpc("tools/list"), id);
    await response.body?.cancel();
    statuses.push(response.status);
  }
  assertEquals(statuses, [200, 404, 404]);
  const restored = await post("/mcp/one", rpc("tools/list"), id, later);
  await restored.body?.cancel();
  assertEquals(restored.status, 200);
});

Deno.test("all sessions count for MCP_MAX_SESSIONS, whatever their endpoint", async () => {
  await using served = gatewayApp(BOTH, { settings: { MCP_MAX_SESSIONS: 3 } });
  for (let n = 0; n < 6; n++) {
    await testClient(at(`/mcp/${n % 2 ? "one" : "two"}`, served.app), {
      era: "2025-11-25",
      keepApp: true,
    });
    assert(served.app.activity().sessions <= 3);
  }
});

Deno.test("each endpoint has a document that says where to get a token, and its challenge names it", async () => {
  await using served = gatewayApp(BOTH, {
    settings: {
      MCP_PUBLIC_URL: "https://mcp.example.com",
      MCP_AUTH_ISSUERS: ["https://login.example.com"],
    },
  });
  const path = "/.well-known/oauth-protected-resource/mcp/one";
  const document = await served.app.fetch(new Request(`https://mcp.example.com${path}`));
  assertEquals((await document.json()).resource, "https://mcp.example.com/mcp/one");
  const refused = await served.app.fetch(
    new Request("https://mcp.example.com/mcp/one", { method: "POST", body: "{}" }),
  );
  assertEquals(refused.status, 401);
  assert(refused.headers.get("www-authenticate")!.includes(`https://mcp.example.com${path}`));
});

Deno.test("a page of a foreign origin is refused at each endpoint", async () => {
  await using served = gatewayApp(BOTH);
  for (const path of ["/mcp/one", "/mcp/one/sse"]) {
    const response = await served.app.fetch(
      new Request(`http://localhost${path}`, {
        method: "POST",
        headers: { ...headers("application/json"), origin: "https://evil.example" },
        body: JSON.stringify(rpc("tools/list")),
      }),
    );
    assertEquals(response.status, 403);
    await response.body?.cancel();
  }
});

Deno.test("a stream of 2024-11-05 at a server's path has its own message endpoint, refused to foreign pages and unknown elsewhere", async () => {
  await using served = gatewayApp(BOTH);
  const open = (path: string, own: Record<string, string> = {}) =>
    served.app.fetch(
      new Request(`http://localhost${path}`, { headers: { accept: "text/event-stream", ...own } }),
    );
  const send = (url: string, own: Record<string, string> = {}) =>
    served.app.fetch(
      new Request(`http://localhost${url}`, {
        method: "POST",
        headers: { ...headers("application/json, text/event-stream"), ...own },
        body: JSON.stringify(rpc("ping")),
      }),
    );
  const evil = { origin: "https://evil.example" };
  for (const path of ["/mcp/one", "/mcp/one/sse"]) {
    assertEquals((await open(path, evil)).status, 403);
    const events = new EventReader(await open(path));
    const { event, data: endpoint } = (await events.next())!;
    assertEquals(event, "endpoint");
    assert(endpoint.startsWith("?connection_id="), endpoint);
    for (const origin of ["https://evil.example", "null"]) {
      assertEquals([origin, (await send(path + endpoint, { origin })).status], [origin, 403]);
    }
    for (const other of ["/mcp/two", "/mcp"]) {
      assertEquals([other, (await send(other + endpoint)).status], [other, 404]);
    }
    assertEquals((await send(path + endpoint)).status, 202);
    assertEquals((await events.next())!.json.result, {});
    await events.leave();
  }
});

Deno.test("the 404 answer lists the endpoints of all servers", async () => {
  await using served = gatewayApp(BOTH);
  const response = await served.app.fetch(new Request("http://localhost/mcp/three"));
  const { error } = await response.json();
  const paths = error.data.endpoints.map(({ path }: { path: string }) => path);
  for (const path of ["/mcp/one", "/mcp/one/sse", "/mcp/two"]) assert(paths.includes(path), path);
});

Deno.test("scopes of a server and of a tool are needed at its endpoints, also for tools that only some clients see", async () => {
  // A server that has one tool more for clients that can be asked.
  const growing: Script = (message, run) => {
    const first = run.received.find(({ method }) => method === "initialize");
    const canAsk = first?.params.capabilities.elicitation !== undefined;
    return server("one", canAsk ? ["whoami", "secret"] : ["whoami"])(message, run);
  };
  await using served = gatewayApp({ one: growing }, {
    entries: { one: { scopes: ["one"], toolScopes: { secret: ["more"] } } },
    authenticate: ({ headers }) => ({
      principal: "ada",
      clientId: undefined,
      scopes: (headers.get("x-scopes") ?? "").split(" "),
      claims: {},
      expiresAt: undefined,
    }),
  });
  const call = async (tool: string, scopes: string, path = "/mcp/one") => {
    const client = await testClient(at(path, served.app), {
      keepApp: true,
      headers: { "x-scopes": scopes },
      elicit: () => ({ action: "decline" }),
    });
    try {
      return (await client.call(tool)).content;
    } catch (error) {
      return String(error);
    } finally {
      await client.close();
    }
  };
  for (const [path, prefix] of [["/mcp/one", ""], ["/mcp", "one__"]] as const) {
    const missing = await call(`${prefix}whoami`, "other", path);
    assert(String(missing).includes("needs the scope one"), String(missing));
    assertEquals(await call(`${prefix}whoami`, "one", path), [
      { type: "text", text: "one whoami" },
    ]);
    const secret = await call(`${prefix}secret`, "one", path);
    assert(String(secret).includes("more"), String(secret));
    assertEquals(await call(`${prefix}secret`, "one more", path), [
      { type: "text", text: "one secret" },
    ]);
  }
});

Deno.test("tools with the same name stop the start, which names both servers", async () => {
  await using served = gatewayApp(BOTH, {
    entries: { one: { prefix: "" }, two: { prefix: "" } },
  });
  const { message } = await assertRejects(() => served.gateway.start(), ConfigError);
  assertEquals(
    message.split("\n  ").slice(1).map((line) => line.replace(/server (one|two)/g, "server X")),
    [
      'Cannot serve tool "whoami": the name is taken, by one of server X; the other is of server X',
    ],
  );
});

Deno.test("an endpoint at a path that is taken, or that is no path, is refused", () => {
  const paths = ["/mcp", "/mcp/info", "/mcp/sse", "mcp/one", "/mcp/a b", "/mcp/one/", ""];
  for (const path of paths) {
    assertThrows(
      () => createApp({ endpoints: [{ path, catalog: new Catalog() }] }),
      RegistrationError,
      path === "" ? '""' : path,
    );
  }
  const endpoint = { path: "/mcp/one", catalog: new Catalog() };
  assertThrows(() => createApp({ endpoints: [endpoint, endpoint] }), RegistrationError, "taken");
});
