/**
 * A gateway in memory, before servers that scripts play.
 *
 * @module
 */
import type { ServerConfig } from "../../lib/gateway/config.ts";
import { Gateway } from "../../lib/gateway/gateway.ts";
import { GatewayServer } from "../../lib/gateway/server.ts";
import { StartTurns } from "../../lib/gateway/start_turns.ts";
import { DEFAULT_OPTIONS } from "../../lib/gateway/server_options.ts";
import { type App, type AppOptions, createApp } from "../../lib/mod.ts";
import { type Script, ScriptedServer } from "./scripted_server.ts";

/** An entry of the file, with its defaults. */
export function entry(name: string, own: Partial<ServerConfig> = {}): ServerConfig {
  return {
    name,
    launch: { command: "scripted", args: [], env: {}, cwd: undefined, inheritEnv: false },
    ...DEFAULT_OPTIONS,
    prefix: `${name}__`,
    ...own,
  };
}

/** Makes the app of a gateway, before servers that scripts play. */
export function gatewayApp(
  servers: Readonly<Record<string, Script>>,
  { entries = {}, now = () => performance.now(), turns = new StartTurns(), ...options }:
    & AppOptions
    & {
      readonly entries?: Readonly<Record<string, Partial<ServerConfig>>>;
      /** The clock of idle times and pauses. */
      readonly now?: () => number;
      readonly turns?: StartTurns;
    } = {},
) {
  const runs: Record<string, ScriptedServer[]> = {};
  const gateway = new Gateway({
    configs: Object.keys(servers).map((name) => entry(name, entries[name])),
    hasPaths: true,
    create: (config, client) =>
      new GatewayServer({
        name: config.name,
        version: "1",
        start: () => {
          const run = new ScriptedServer(servers[config.name]!);
          (runs[config.name] ??= []).push(run);
          return run;
        },
        limits: { maxLineBytes: 100_000, maxQueued: 100_000 },
        startMs: 5_000,
        now,
        ...{ protocol: config.protocol, restart: config.restart },
        ...client,
      }),
    limits: { maxChildren: 10, idleMs: 60_000, now },
    turns,
    waitMs: 5_000,
  });
  const app = createApp({
    ...options,
    instructions: gateway.instructions,
    sessionMethods: gateway.sessionMethods,
    modernMethods: gateway.modernMethods,
    servers: gateway,
    endpoints: gateway.endpoints,
    onStart: () => gateway.start(),
    onStop: () => gateway.stop(),
  });
  gateway.serve(app.catalog);
  return {
    app,
    gateway,
    runs,
    [Symbol.asyncDispose]: async () => {
      app.stop();
      await gateway.stop();
    },
  };
}

/** An app for clients that use another endpoint under the name `/mcp`. */
export function at(path: string, app: App): App {
  return {
    ...app,
    fetch: (request, peer) => {
      const { pathname, search, origin } = new URL(request.url);
      const url = `${origin}${pathname.replace(/^\/mcp/, path)}${search}`;
      return app.fetch(new Request(url, request), peer);
    },
  };
}
