/** An app of your own whose settings name a store for several instances. */
import { assertEquals, assertThrows } from "@std/assert";
import { Fleet } from "../../lib/fleet/fleet.ts";
import { ConfigError, createApp } from "../../lib/mod.ts";
import { MemoryHub } from "../../lib/store/memory_hub.ts";
import { KEY, LEASE_MS } from "../helpers/instances.ts";

const settings = { MCP_STORE: "redis://user:password@10.0.0.5:6379", MCP_SESSION_KEY: KEY };

Deno.test("an app with MCP_STORE and no fleet is refused, with what to do, and without the secret", () => {
  const { message } = assertThrows(() => createApp({ settings }), ConfigError);
  assertEquals(
    message,
    "MCP_STORE is set, but this app has no `fleet`, so it would share nothing with other " +
      "instances. Pass `fleet: await openFleet(settings)` to createApp(); openFleet is in " +
      "@lifeline/mcp/serve. For an app that is alone, leave MCP_STORE out of its settings",
  );
});

Deno.test("an app with MCP_STORE and a fleet is one of several instances, and one without both is alone", async () => {
  const hub = new MemoryHub(LEASE_MS, () => performance.now());
  const app = createApp({
    settings,
    fleet: (wheel, emit) => new Fleet(hub.join(), wheel, emit),
  });
  await app.start();
  app.stop();
  createApp({ settings: { MCP_SESSION_KEY: KEY } }).stop();
});
