import { assertEquals } from "@std/assert";
import manifest from "../../deno.json" with { type: "json" };
import { LEGACY_VERSIONS } from "../../lib/wire/protocol_versions.ts";
import { initializeRequest, rpc, testApp, toolCall } from "../helpers/app.ts";
import { HeldTool } from "../helpers/tools.ts";

function initialize(protocolVersion: string, id: string | number = 1) {
  const clientInfo = { name: "test-client", version: "1.2.3" };
  return initializeRequest(protocolVersion, { id, clientInfo });
}

for (const version of LEGACY_VERSIONS) {
  Deno.test(`initialize on a plain stream agrees on ${version}`, async () => {
    using app = testApp({ instructions: "Call echo first" });
    const { events } = await app.open(initialize(version));
    const { result } = (await events.nextNamed("response")).json;
    assertEquals(result.protocolVersion, version);
    assertEquals(result.serverInfo, {
      name: "lifeline",
      title: "Lifeline",
      version: manifest.version,
    });
    assertEquals(result.instructions, "Call echo first");
    assertEquals(result.capabilities.tools, { listChanged: true });
    await events.leave();
  });
}

for (const version of ["1999-01-01", "2099-01-01", "latest", ""]) {
  Deno.test(`initialize with ${JSON.stringify(version)} is offered the newest revision that has it`, async () => {
    using app = testApp();
    const { events } = await app.open(initialize(version));
    const { result } = (await events.nextNamed("response")).json;
    assertEquals(result.protocolVersion, LEGACY_VERSIONS[0]);
    await events.leave();
  });
}

Deno.test("a tool learns the name its client gave in initialize", async () => {
  const held = new HeldTool();
  using app = testApp({ tools: [held.tool] });
  const { events, send } = await app.open(initialize("2025-11-25"));
  await send(toolCall("held", {}, 2));
  const { ctx, finish } = await held.next();
  assertEquals([ctx.caller.name, ctx.caller.version], ["test-client", "1.2.3"]);
  finish("");
  await events.leave();
});

Deno.test("the plain dialect asks for no initialize: tools can be listed and called at once", async () => {
  using app = testApp();
  const { events, send } = await app.open(rpc("tools/list", {}, 1));
  const { result } = (await events.nextNamed("response")).json;
  assertEquals(result.tools.length, 4);
  await send(toolCall("add", { a: 1, b: 2 }, 2));
  const sum = (await events.nextNamed("response")).json;
  assertEquals(sum.result.structuredContent, { sum: 3 });
  await events.leave();
});
