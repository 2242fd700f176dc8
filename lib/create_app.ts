import { type AuthOptions, createAuth } from "./auth/create_auth.ts";
import { ConfigError } from "./base/errors.ts";
import {
  CHECKED_ELSEWHERE,
  FUNCTION,
  LIST,
  type MemberChecks,
  numberFrom,
  OBJECT,
  objectOf,
  requireOptions,
  TEXT,
} from "./base/members.ts";
import { composeApp } from "./http/app.ts";
import type { App, AppOptions } from "./http/app_types.ts";
import { isObject } from "./wire/json_rpc.ts";

function isImplementation(value: unknown): string | undefined {
  if (!isObject(value)) return OBJECT(value);
  const isNamed = typeof value.name === "string" && typeof value.version === "string";
  return isNamed ? undefined : " must have a name and a version, both texts";
}

function isInstructions(value: unknown): string | undefined {
  return typeof value === "function" ? undefined : TEXT(value);
}

/** Without a type check, a name that is misspelt would leave out a part of the app, such as a guard. */
const OPTIONS: MemberChecks<AppOptions> = {
  tools: CHECKED_ELSEWHERE,
  resources: CHECKED_ELSEWHERE,
  resourceTemplates: CHECKED_ELSEWHERE,
  prompts: CHECKED_ELSEWHERE,
  use: CHECKED_ELSEWHERE,
  info: isImplementation,
  instructions: isInstructions,
  onStart: FUNCTION,
  onStop: FUNCTION,
  sessionMethods: FUNCTION,
  modernMethods: FUNCTION,
  servers: OBJECT,
  endpoints: LIST,
  settings: OBJECT,
  heap: FUNCTION,
  resident: FUNCTION,
  wheel: OBJECT,
  store: OBJECT,
  fleet: FUNCTION,
  dialects: LIST,
  observer: OBJECT,
  auth: objectOf<AuthOptions>({
    verify: FUNCTION,
    cacheMs: numberFrom(0, Infinity),
    keys: CHECKED_ELSEWHERE,
    fetch: FUNCTION,
  }),
  authenticate: FUNCTION,
  pages: FUNCTION,
};

/**
 * Makes an app.
 *
 * @throws {RegistrationError} when two tools share a name, or for what cannot be served
 * @throws {ConfigError} naming each wrong setting, or the wrong option; if the authorization settings are incomplete; for
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
  const refuse = (message: string) => new ConfigError(message);
  const aliases = { middleware: "use", middlewares: "use", lifespan: "onStart" };
  requireOptions(options, { owner: "createApp()", checks: OPTIONS, aliases, refuse });
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
