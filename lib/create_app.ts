import { createAuth } from "./auth/create_auth.ts";
import { ConfigError } from "./base/errors.ts";
import { composeApp } from "./http/app.ts";
import type { App, AppOptions } from "./http/app_types.ts";

/**
 * Makes an app.
 *
 * @throws {RegistrationError} when two tools share a name, or for what cannot be served
 * @throws {ConfigError} naming each wrong setting; if the authorization settings are incomplete; for
 *   `MCP_STORE` without `fleet`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as z from "zod";
 * import { createApp, defineTool } from "./mod.ts";
 *
 * const app = createApp({
 *   tools: [defineTool({
 *     name: "greet",
 *     description: "Greets somebody",
 *     input: z.object({ name: z.string() }),
 *     run: ({ name }) => `Hello ${name}`,
 *   })],
 * });
 * const response = await app.fetch(
 *   new Request("http://localhost/mcp", {
 *     method: "POST",
 *     headers: { "content-type": "application/json" },
 *     body: JSON.stringify({
 *       jsonrpc: "2.0",
 *       id: 1,
 *       method: "tools/call",
 *       params: { name: "greet", arguments: { name: "Ada" } },
 *     }),
 *   }),
 * );
 * const { result } = await response.json();
 * assertEquals(result.content, [{ type: "text", text: "Hello Ada" }]);
 * app.stop();
 * ```
 */
export function createApp<Start = unknown>(options: AppOptions<Start> = {}): App {
  // The app would start, and fail only behind a load balancer.
  if (options.settings?.MCP_STORE !== undefined && options.fleet === undefined) {
    throw new ConfigError(
      "MCP_STORE is set, but this app has no `fleet`, so it would share nothing with other " +
        "instances. Pass `fleet: await openFleet(settings)` to createApp(); openFleet is in " +
        "@lifeline/mcp/serve. For an app that is alone, leave MCP_STORE out of its settings",
    );
  }
  return composeApp(options, createAuth).app;
}
