import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { initializeRequest } from "../helpers/app.ts";
import { LEGACY_VERSIONS } from "../../lib/wire/protocol_versions.ts";
import { EventReader } from "../helpers/sse.ts";
import { specApp } from "./support/fixtures.ts";
import { connect, endpointOf, LEGACY, openHttpSse } from "./support/legacy_client.ts";

const PATHS = ["/mcp", "/mcp/sse"];

Deno.test("a client of each revision connects, initializes and is served", async (t) => {
  for (const version of LEGACY) {
    for (const path of PATHS) {
      await t.step(`${version} on ${path}`, async () => {
        using app = specApp();
        await using client = await connect(app, { version, path });
        const call = { name: "echo", arguments: { message: "hi" } };
        const { result } = await client.request("tools/call", call);
        assertEquals(result.content, [{ type: "text", text: "hi" }]);
      });
    }
  }
});

Deno.test("a server says nothing of its own before initialize", async () => {
  using app = specApp();
  const reader = await openHttpSse(app);
  const endpoint = await endpointOf(reader);
  assert(app.catalog.tools.remove("echo"));
  await app.post(endpoint, initializeRequest("2024-11-05"));
  const first = await reader.next();
  await reader.leave();
  assertEquals(first?.json.id, "initialize");
});

Deno.test("initialize is answered with version, capabilities and server info", async (t) => {
  for (const version of LEGACY) {
    await t.step(version, async () => {
      using app = specApp();
      await using client = await connect(app, { version });
      const { protocolVersion, capabilities, serverInfo } = client.welcome;
      assertEquals(protocolVersion, version);
      assertEquals(typeof capabilities.tools, "object");
      assertNotEquals(serverInfo.name, "");
      assertEquals(typeof serverInfo.version, "string");
    });
  }
});

Deno.test("initialize is answered with the requested version where it is supported", async () => {
  using app = specApp();
  for (const version of LEGACY_VERSIONS) {
    assertEquals(await agreedByPost(app, version), version);
    assertEquals(await agreedByHttpSse(app, version), version);
  }
});

Deno.test("initialize is answered with another version where the requested is unknown", async () => {
  using app = specApp();
  for (const version of ["1999-01-01", "2999-01-01", "2026-07-28", "latest", ""]) {
    assert(LEGACY.includes(await agreedByPost(app, version)), version);
    assert(LEGACY.includes(await agreedByHttpSse(app, version)), version);
  }
});

Deno.test("initialize declares a capability for every feature that is served", async (t) => {
  const features = ["tools", "resources", "prompts", "logging", "completions"];
  for (const version of LEGACY) {
    await t.step(version, async () => {
      using app = specApp();
      await using client = await connect(app, { version });
      const declared = Object.keys(client.welcome.capabilities);
      assertEquals(features.filter((feature) => !declared.includes(feature)), []);
    });
  }
});

Deno.test("a client is never asked for what it did not declare", async (t) => {
  const asking = ["ask", "ask_url", "sample", "roots"];
  for (const version of LEGACY) {
    await t.step(version, async () => {
      using app = specApp();
      await using client = await connect(app, { version });
      for (const name of asking) {
        const response = await client.request("tools/call", { name });
        assert(response.error !== undefined || response.result.isError === true, name);
      }
      const asked = client.inbox.messages.filter((message) => message.method && "id" in message);
      assertEquals(asked, []);
    });
  }
});

Deno.test("a batch is refused in every revision but 2025-03-26", async (t) => {
  const batch = [{ jsonrpc: "2.0", id: 1, method: "ping" }];
  for (const version of LEGACY.filter((each) => each !== "2025-03-26")) {
    await t.step(version, async () => {
      using app = specApp();
      await using client = await connect(app, { version });
      const response = await client.post(batch);
      assertEquals(response.status, 400);
      assertEquals((await response.json()).error.code, -32600);
    });
  }
});

Deno.test("the plain dialect keeps the message format and the lifecycle", async () => {
  using app = specApp();
  const response = await app.post("/mcp/sse", initializeRequest("2025-11-25"), {
    accept: "text/event-stream",
  });
  const reader = new EventReader(response);
  const welcome = await reader.nextNamed("welcome");
  const { json } = await reader.nextNamed("response");
  await reader.leave();
  assertEquals(welcome.json.jsonrpc, "2.0");
  assertEquals([json.jsonrpc, json.id], ["2.0", "initialize"]);
  assertEquals(json.result.protocolVersion, "2025-11-25");
});

Deno.test("ping is answered with an empty result, also beside a running call", async (t) => {
  for (const version of LEGACY) {
    await t.step(version, async () => {
      using app = specApp();
      await using client = await connect(app, { version });
      const call = client.request("tools/call", { name: "wait" });
      await app.gate.entered();
      assertEquals((await client.request("ping")).result, {});
      app.gate.open();
      assertEquals((await call).result.content, [{ type: "text", text: "done" }]);
    });
  }
});

type App = ReturnType<typeof specApp>;

async function agreedByPost(app: App, version: string) {
  const response = await app.post("/mcp", initializeRequest(version), {
    accept: "application/json, text/event-stream",
  });
  const type = response.headers.get("content-type") ?? "";
  if (type.startsWith("application/json")) return (await response.json()).result.protocolVersion;
  const events = await new EventReader(response).rest();
  return events.findLast((event) => event.json !== undefined)?.json.result.protocolVersion;
}

async function agreedByHttpSse(app: App, version: string) {
  const reader = await openHttpSse(app);
  await app.post(await endpointOf(reader), initializeRequest(version));
  const { json } = await reader.nextNamed("message");
  await reader.leave();
  return json.result.protocolVersion;
}
