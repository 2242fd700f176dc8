/** Streams that are sessions, and listen streams, with messages at any of several instances. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { initializeRequest, PLAIN_HEADERS, rpc, toolCall } from "../helpers/app.ts";
import { Instances, LEASE_MS } from "../helpers/instances.ts";
import { Puppet } from "../helpers/puppet.ts";
import { EventReader } from "../helpers/sse.ts";
import { settled } from "../helpers/time.ts";

Deno.test("a 2024-11-05 client is answered on its stream, whichever instance its messages come to", async () => {
  using fleet = await Instances.start(3);
  const [a, b, c] = fleet.all;
  const opened = await a!.request("/mcp", { headers: { accept: "text/event-stream" } });
  const reader = new EventReader(opened);
  const endpoint = await reader.nextNamed("endpoint");
  const path = `/mcp${endpoint.data}`;
  assertEquals((await b!.post(path, initializeRequest("2024-11-05"))).status, 202);
  assertEquals((await reader.nextNamed("message")).json.result.protocolVersion, "2024-11-05");
  assertEquals((await c!.post(path, rpc("ping", undefined, 2))).status, 202);
  assertEquals((await reader.nextNamed("message")).json.id, 2);
});

Deno.test("a plain stream takes further messages and its end from any instance", async () => {
  using fleet = await Instances.start(2);
  const [a, b] = fleet.all;
  const { id, events } = await a!.open();
  assertMatch(id, /^mcp_sse_[0-9a-f]{32}$/);
  const headers = { ...PLAIN_HEADERS, "mcp-connection-id": id };
  assertEquals((await b!.post("/mcp/sse", rpc("ping", undefined, 3), headers)).status, 202);
  assertEquals((await events.nextNamed("response")).json.id, 3);
  const ended = await b!.request("/mcp/sse", { method: "DELETE", headers });
  assertEquals(ended.status, 204);
  assertEquals((await events.nextNamed("close")).json.data.reason, "disconnected");
});

Deno.test("a stream of another caller takes nothing, at any instance", async () => {
  using fleet = await Instances.start(2);
  const [a, b] = fleet.all;
  const ada = { address: "192.0.2.1", principal: "ada" };
  const opened = await a!.request("/mcp/sse", { method: "POST", headers: PLAIN_HEADERS }, ada);
  const id = opened.headers.get("mcp-connection-id") ?? "";
  const reader = new EventReader(opened);
  await reader.nextNamed("welcome");
  const init = {
    method: "POST",
    headers: { ...PLAIN_HEADERS, "mcp-connection-id": id },
    body: JSON.stringify(rpc("ping")),
  };
  for (const peer of [{ address: "192.0.2.1" }, { address: "192.0.2.1", principal: "eve" }]) {
    assertEquals((await b!.request("/mcp/sse", init, peer)).status, 404);
  }
  assertEquals((await b!.request("/mcp/sse", init, ada)).status, 202);
  await reader.nextNamed("response");
});

Deno.test("a call on a forwarded message has the checked identity of its sender", async () => {
  const puppet = new Puppet();
  using fleet = await Instances.start(2, { tools: [puppet.tool] });
  const [a, b] = fleet.all;
  const ada = { address: "192.0.2.1", principal: "ada", scopes: ["read"] };
  const opened = await a!.request("/mcp/sse", { method: "POST", headers: PLAIN_HEADERS }, ada);
  const id = opened.headers.get("mcp-connection-id") ?? "";
  await b!.request("/mcp/sse", {
    method: "POST",
    headers: { ...PLAIN_HEADERS, "mcp-connection-id": id },
    body: JSON.stringify(toolCall("puppet", { call: "1" })),
  }, { ...ada, scopes: ["read", "write"] });
  const { ctx, finish } = await puppet.call("1");
  assertEquals(ctx.caller.principal, "ada");
  assertEquals(ctx.caller.scopes, ["read", "write"]);
  finish("done");
});

Deno.test("a message for a stream whose instance cannot be reached gets 503, and 404 once that one is dead", async () => {
  using fleet = await Instances.start(2);
  const [a, b] = fleet.all;
  const { id } = await a!.open();
  await fleet.time.advance(LEASE_MS + 1_000);
  fleet.kill(a!);
  const headers = { ...PLAIN_HEADERS, "mcp-connection-id": id };
  const early = b!.post("/mcp/sse", rpc("ping"), headers);
  await fleet.time.advance(2_100);
  const refused = await early;
  assertEquals([refused.status, refused.headers.get("retry-after")], [503, "1"]);
  await fleet.time.advance(LEASE_MS);
  assertEquals((await b!.post("/mcp/sse", rpc("ping"), headers)).status, 404);
  b!.member.isUp = false;
  assertEquals((await b!.post("/mcp/sse", rpc("ping"), headers)).status, 503);
});

Deno.test("an id that no instance made is refused", async () => {
  using fleet = await Instances.start(2);
  await fleet.time.advance(LEASE_MS + 1_000);
  const [a] = fleet.all;
  for (const id of ["mcp_sse_", `mcp_sse_${"0".repeat(32)}`, "x", `mcp_sse_${"z".repeat(32)}`]) {
    const headers = { ...PLAIN_HEADERS, "mcp-connection-id": id };
    assertEquals((await a!.post("/mcp/sse", rpc("ping"), headers)).status, 404);
  }
});

Deno.test("a listen stream hears each change once, whichever instance it happens at", async () => {
  using fleet = await Instances.start(3);
  const [a, b, c] = fleet.all;
  const version = "2026-07-28";
  const response = await a!.post("/mcp", {
    ...rpc("subscriptions/listen", {
      notifications: { toolsListChanged: true, resourceSubscriptions: ["test://one"] },
      _meta: {
        "io.modelcontextprotocol/protocolVersion": version,
        "io.modelcontextprotocol/clientInfo": { name: "t", version: "1" },
        "io.modelcontextprotocol/clientCapabilities": {},
      },
    }),
  }, {
    accept: "text/event-stream, application/json",
    "mcp-protocol-version": version,
    "mcp-method": "subscriptions/listen",
  });
  const reader = new EventReader(response);
  await reader.next();
  b!.catalog.resourceUpdated("test://one");
  assertEquals((await reader.next())?.json.params.uri, "test://one");
  for (let count = 0; count < 100; count++) c!.catalog.resourceUpdated("test://one");
  c!.catalog.resourceUpdated("test://other");
  c!.catalog.tools.remove("echo");
  assertEquals((await reader.next())?.json.params.uri, "test://one");
  assertEquals((await reader.next())?.json.method, "notifications/tools/list_changed");
  a!.catalog.resourceUpdated("test://one");
  await settled();
  assertEquals((await reader.next())?.json.params.uri, "test://one");
  assert(!reader.text.includes("test://other"));
});

/** A plain stream at `a`, and how `b` brings it a call; the instances know each other for long. */
async function bringing() {
  const puppet = new Puppet();
  const fleet = await Instances.start(2, { tools: [puppet.tool] });
  const [a, b] = fleet.all;
  const { id, events } = await a!.open();
  await fleet.time.advance(LEASE_MS + 1_000);
  const headers = { ...PLAIN_HEADERS, "mcp-connection-id": id };
  const bring = (call: string) => b!.post("/mcp/sse", toolCall("puppet", { call }, call), headers);
  return { fleet, a: a!, b: b!, puppet, events, bring };
}

Deno.test("an instance that was frozen does not run what its sender has told was not run", async () => {
  const { fleet, a, puppet, bring } = await bringing();
  using _ = fleet;
  const { member } = a;
  const take = member.onMessage;
  const held: unknown[] = [];
  member.onMessage = (message) => held.push(message);
  const early = bring("given up");
  await fleet.time.advance(2_100);
  assertEquals((await early).status, 503);
  // It wakes, and finds the message.
  member.onMessage = take;
  for (const message of held) take(message);
  assertEquals((await bring("again")).status, 202);
  await puppet.call("again");
  let isRun = false;
  void puppet.call("given up").then(() => isRun = true);
  await settled();
  assertEquals(isRun, false);
});

Deno.test("a message that comes without its stream, its claim or its sender is not run, and its sender is told", async () => {
  const { fleet, a, bring } = await bringing();
  using _ = fleet;
  const { member } = a;
  const take = member.onMessage;
  for (const part of ["stream", "claim", "client"]) {
    member.onMessage = (message) => {
      const { kind } = message as { readonly kind: string };
      take(kind.startsWith("forward ") ? { ...message as object, [part]: 5 } : message);
    };
    assertEquals((await bring(part)).status, 404, part);
  }
  member.onMessage = take;
  assertEquals((await bring("whole")).status, 202);
});

Deno.test("a message whose instance took it is accepted, although the reply to its sender is lost", async () => {
  const { fleet, b, puppet, events, bring } = await bringing();
  using _ = fleet;
  b.member.onMessage = () => {};
  const sent = bring("taken");
  const { finish } = await puppet.call("taken");
  await fleet.time.advance(2_100);
  assertEquals((await sent).status, 202);
  finish("done");
  assertEquals((await events.nextNamed("response")).json.id, "taken");
});

Deno.test("a message whose claim was lost with the store is answered with an unknown outcome", async () => {
  const { fleet, a, b, bring } = await bringing();
  using _ = fleet;
  a.member.onMessage = () => {};
  const sent = bring("lost");
  await settled();
  b.member.isUp = false;
  fleet.hub.clear();
  await fleet.time.advance(100);
  b.member.isUp = true;
  await fleet.time.advance(2_100);
  const response = await sent;
  const { error } = await response.json();
  assertEquals(error.data, { outcome: "unknown", is_repeatable: false });
  assertMatch(
    error.message,
    /has not answered\. Its outcome is unknown: it may have run\. Find out/,
  );
});

Deno.test("a message that got no reply before the store went away is answered with an unknown outcome", async () => {
  const { fleet, a, b, bring } = await bringing();
  using _ = fleet;
  a.member.onMessage = () => {};
  const sent = bring("lost");
  await settled();
  b.member.isUp = false;
  await fleet.time.advance(2_100);
  const response = await sent;
  assertEquals(response.status, 500);
  const { data } = (await response.json()).error;
  assertEquals(data, { outcome: "unknown", is_repeatable: false });
});

Deno.test("a message for a stream that its instance has ended by plan is told the true reason", async () => {
  using fleet = await Instances.start(2, { settings: { MCP_MAX_CONNECTION_MS: 60_000 } });
  const [a, b] = fleet.all;
  const opened = await Promise.all([a!.open(), a!.open(), a!.open()]);
  await fleet.time.advance(LEASE_MS + 1_000);
  const [byAge, byExpiry, byDrain] = opened.map(({ id }) => a!.registry.get(id)!);
  byAge!.close("max_age");
  byExpiry!.close("auth_expired");
  byDrain!.close("drain");
  for (
    const [{ id }, reason] of [[opened[0], "max_age"], [opened[1], "auth_expired"], [
      opened[2],
      "drain",
    ]] as const
  ) {
    const sent = await b!.post("/mcp/sse", rpc("ping"), {
      ...PLAIN_HEADERS,
      "mcp-connection-id": id,
    });
    const { error } = await sent.json();
    assertEquals([sent.status, error.data.reason], [503, reason]);
    assertMatch(error.message, new RegExp(`has ended by plan \\(${reason}\\)`));
  }
});
