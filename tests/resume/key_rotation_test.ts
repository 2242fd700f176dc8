/** MCP_SESSION_KEY with several keys, so that one can be replaced without ending a session. */
import { assertEquals, assertThrows } from "@std/assert";
import type { Peer } from "../../lib/mod.ts";
import { settingsWith } from "../../lib/base/settings.ts";
import { rpc, testApp } from "../helpers/app.ts";
import { TestSession } from "../helpers/session.ts";

const OLD = "an old key that has been in use for long";
const NEW = "a new key that takes its place from now on";
const ADA: Peer = { address: "192.0.2.1", principal: "ada" };
const EVE: Peer = { address: "192.0.2.1", principal: "eve" };

function server(MCP_SESSION_KEY: string) {
  return testApp({ settings: { MCP_SESSION_KEY } });
}

for (const peer of [undefined, ADA]) {
  const whose = peer === undefined ? "an anonymous client's" : "a principal's";
  Deno.test(`${whose} session goes on while its key is replaced in two steps`, async () => {
    using before = server(OLD);
    const session = await TestSession.open(before, peer && { peer });
    // All instances accept the new key before any of them signs with it.
    using during = server(`${OLD}, ${NEW}`);
    using after = server(`${NEW},${OLD}`);
    for (const app of [during, after]) {
      assertEquals((await session.on(app, peer && { peer }).ask(rpc("ping"))).result, {});
    }
    const fresh = await TestSession.open(after, peer && { peer });
    using done = server(NEW);
    for (const app of [during, done]) {
      assertEquals((await fresh.on(app, peer && { peer }).ask(rpc("ping"))).result, {});
    }
    assertEquals((await session.on(done, peer && { peer }).post(rpc("ping"))).status, 404);
  });
}

Deno.test("a session under an older key is refused to another principal", async () => {
  using before = server(OLD);
  const session = await TestSession.open(before, { peer: ADA });
  using after = server(`${NEW},${OLD}`);
  assertEquals((await session.on(after, { peer: EVE }).post(rpc("ping"))).status, 404);
});

Deno.test("each key needs 32 characters, so a comma in a key is found at the start", () => {
  for (
    const MCP_SESSION_KEY of [`${OLD},short`, `${OLD},`, "one key, with a comma in the middle!"]
  ) {
    assertThrows(() => settingsWith({ MCP_SESSION_KEY }), Error, "at least 32 characters");
  }
  assertEquals(settingsWith({ MCP_SESSION_KEY: OLD }).MCP_SESSION_KEY, OLD);
});
